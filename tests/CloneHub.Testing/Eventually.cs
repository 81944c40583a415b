using System.Runtime.CompilerServices;

namespace CloneHub.Testing;

/// <summary>The one way to wait for something real: with a deadline, and with a message that says what was awaited.</summary>
public static class Eventually
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(20);

    /// <summary>A question over HTTP or SQL takes milliseconds of a processor on both sides: fifty a second take from what is awaited the time to happen.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(200);

    /// <summary>For what this process can see by itself: looked at often, because it costs nothing.</summary>
    public static async Task Until(string what, Func<bool> condition, TimeSpan? deadline = null) =>
        await Get<StrongBox<bool>>(what, () => Task.FromResult(condition() ? new StrongBox<bool>(true) : null), deadline, Shortest);

    public static async Task Until(string what, Func<Task<bool>> condition, TimeSpan? deadline = null) =>
        await Get<StrongBox<bool>>(what, async () => await condition() ? new StrongBox<bool>(true) : null, deadline);

    /// <summary>Asks until there is an answer: often at first, and then as seldom as is noticed a twentieth of the time too late.</summary>
    public static Task<T> Get<T>(string what, Func<Task<T?>> question, TimeSpan? deadline = null)
        where T : class => Get(what, question, deadline, Longest);

    private static async Task<T> Get<T>(string what, Func<Task<T?>> question, TimeSpan? deadline, TimeSpan longest)
        where T : class
    {
        var clock = TimeProvider.System;
        var patience = deadline ?? TimeSpan.FromSeconds(10);
        var started = clock.GetTimestamp();
        while (true)
        {
            if (await question() is { } answer)
                return answer;
            var waited = clock.GetElapsedTime(started);
            if (waited > patience)
                throw new TimeoutException($"Awaited in vain for {patience.TotalSeconds:0.#} s: {what}");
            await Task.Delay(Clamp(waited / 20, longest), clock);
        }
    }

    private static TimeSpan Clamp(TimeSpan pause, TimeSpan longest) => pause < Shortest ? Shortest : pause > longest ? longest : pause;
}
