namespace CloneHub.Benchmarks;

/// <summary>Calls that come at a steady rate, whether those before them have been answered or not.</summary>
internal static class OpenLoop
{
    /// <summary>More than that would only wait for each other.</summary>
    private const int AtOnce = 40;

    public static async Task RunAsync(int perSecond, Func<Task> call, CancellationToken enough)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / perSecond), TimeProvider.System);
        var under = new List<Task>();
        try
        {
            while (await timer.WaitForNextTickAsync(enough))
            {
                foreach (var failed in under.Where(one => one.IsFaulted)) await failed;
                under.RemoveAll(one => one.IsCompleted);
                if (under.Count < AtOnce) under.Add(call());
            }
        }
        catch (OperationCanceledException) when (enough.IsCancellationRequested)
        {
            // It is enough.
        }

        await Task.WhenAll(under);
    }
}
