using System.Globalization;
using CloneHub.Chaos.Faults;

namespace CloneHub.Chaos;

/// <summary>
/// Proof that the checks bite: short runs of one node in which one thing is broken on purpose, each of which has to be noticed, and one in which nothing is,
/// where nothing may be. It is noticed if one of the rules that it says it breaks is.
/// </summary>
internal static class Bite
{
    private const int AtOnce = 3;

    /// <summary>The same for all: what is broken may not be found by waiting less for it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <summary>What is run: first nothing, the control, and then the faults of these names, or all.</summary>
    /// <returns>Null if one of the names is none.</returns>
    public static IReadOnlyList<Fault?>? Chosen(IReadOnlyList<string> names)
    {
        if (names.Except(Fault.All.Select(fault => fault.Name)).Any()) return null;
        return [null, .. Fault.All.Where(fault => names.Count == 0 || names.Contains(fault.Name))];
    }

    /// <returns>True if the control held and each fault was caught.</returns>
    public static async Task<bool> RunAsync(IReadOnlyList<Fault?> faults, TextWriter output, CancellationToken ct)
    {
        var missed = 0;
        using var places = new SemaphoreSlim(AtOnce);

        // The control comes first and alone: what only a busy machine brings about is not to be found in it.
        foreach (var group in faults.GroupBy(fault => fault is null))
        {
            foreach (var run in group.Select(fault => RunAsync(fault, places, ct)).ToList())
            {
                var (fault, verdict, time) = await run;
                if (!IsAsItShould(fault, verdict)) missed++;
                await TellAsync(fault, verdict, time, output);
            }
        }

        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{faults.Count} runs, {missed} of which did not end as they should have."));
        return missed == 0;
    }

    private static async Task<(Fault? Fault, Verdict Verdict, TimeSpan Time)> RunAsync(Fault? fault, SemaphoreSlim places, CancellationToken ct)
    {
        await places.WaitAsync(ct);
        try
        {
            var started = TimeProvider.System.GetTimestamp();
            return (fault, await RunAsync(fault, ct), TimeProvider.System.GetElapsedTime(started));
        }
        finally
        {
            places.Release();
        }
    }

    private static bool IsAsItShould(Fault? fault, Verdict verdict) => fault?.IsNoticedIn(verdict) ?? verdict.Holds;

    private static async Task TellAsync(Fault? fault, Verdict verdict, TimeSpan time, TextWriter output)
    {
        var word = (fault, IsAsItShould(fault, verdict)) switch { (null, true) => "holds ", (null, false) => "FAILS ", (_, true) => "caught", (_, false) => "MISSED" };
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{word}  {fault?.Name ?? "Nothing"}: {fault?.Breaks ?? "Nothing is broken."} ({verdict.Jobs} jobs, {time.TotalSeconds:0} s)"));
        foreach (var (rule, example) in verdict.Broken) await output.WriteLineAsync($"        {(fault?.NoticedBy.Contains(rule) == true ? '*' : ' ')} {rule}: {example}");
    }

    /// <param name="isQuick">With fewer jobs, and without building views anew.</param>
    public static Task<Verdict> RunAsync(Fault? fault, CancellationToken ct, bool isQuick = false) => ChaosRun.RunAsync(
        new ChaosOptions
        {
            Seed = 1,
            Length = TimeSpan.FromSeconds(isQuick ? 6 : 8),
            Nodes = 1,
            JobsAtOnce = isQuick ? 8 : 12,
            RebuildsViews = !isQuick,
            Slots = 4,
            ClockSpeed = 60,
            Patience = Patience,
            Gusts = fault?.NeedsKill == true ? [new Gust(TimeSpan.FromSeconds(3), Blow.KillNode, 0, TimeSpan.FromSeconds(0.5))] : [],
            Fault = fault,
        },
        new Progress<string>(),
        ct);
}
