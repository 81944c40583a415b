using System.Runtime.CompilerServices;

namespace CloneHub.Testing;

/// <summary>The one way to wait for something real: with a deadline, and with a message that says what was awaited.</summary>
public static class Eventually
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    public static Task Until(string what, Func<bool> condition, TimeSpan? deadline = null) =>
        Until(what, () => Task.FromResult(condition()), deadline);

    public static async Task Until(string what, Func<Task<bool>> condition, TimeSpan? deadline = null) =>
        await Get<StrongBox<bool>>(what, async () => await condition() ? new StrongBox<bool>(true) : null, deadline);

    /// <summary>Asks until there is an answer.</summary>
    public static async Task<T> Get<T>(string what, Func<Task<T?>> question, TimeSpan? deadline = null)
        where T : class
    {
        var clock = TimeProvider.System;
        var patience = deadline ?? TimeSpan.FromSeconds(10);
        var started = clock.GetTimestamp();
        while (true)
        {
            if (await question() is { } answer)
                return answer;
            if (clock.GetElapsedTime(started) > patience)
                throw new TimeoutException($"Awaited in vain for {patience.TotalSeconds:0.#} s: {what}");
            await Task.Delay(Step, clock);
        }
    }
}
