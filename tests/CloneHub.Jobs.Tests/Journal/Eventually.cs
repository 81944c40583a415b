namespace CloneHub.Jobs.Tests.Journal;

internal static class Eventually
{
    public static async Task Until(string what, Func<Task<bool>> condition)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await condition())
        {
            Assert.False(deadline.IsCancellationRequested, $"Waited in vain until {what}.");
            await timer.WaitForNextTickAsync();
        }
    }
}
