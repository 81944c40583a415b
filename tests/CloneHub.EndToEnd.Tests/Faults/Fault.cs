using CloneHub.Testing;

namespace CloneHub.EndToEnd.Tests.Faults;

public enum Fault
{
    Killed,
    Frozen,
    Restarted,
    Refusing,
    Slow,
    DiskFull,
}

/// <summary>How requests are answered while something is away.</summary>
internal enum Acceptance
{
    Yes,
    No,

    /// <summary>It depends on the moment: 202 or 503, nothing else.</summary>
    Either,

    /// <summary>Not for long: the last block of a file has room on a disk that has none.</summary>
    NotForLong,
}

internal static class Faults
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(4);

    /// <summary>
    /// Lets it happen, looks, and lets it pass as it would without anybody: only what supervises the machine's servers acts. It passes
    /// whatever was seen, or one failure would be told once more for each fault after it.
    /// </summary>
    public static async Task HappenAsync(this Fault fault, Dependency dependency, Func<Task> during)
    {
        try
        {
            switch (fault)
            {
                case Fault.Killed:
                    await dependency.KillAsync();
                    await WhileAsync(during, Short);
                    break;
                case Fault.Frozen:
                    await dependency.FreezeAsync();
                    await WhileAsync(during, Long);
                    break;
                case Fault.Restarted:
                    await (dependency is ServerDependency ? dependency.EndAsync() : dependency.TerminateAsync());
                    await dependency.StartAsync();
                    await during();
                    break;
                case Fault.Refusing:
                    await dependency.EndAsync();
                    await WhileAsync(during, Long);
                    break;
                case Fault.Slow:
                    using (dependency.Slow()) await WhileAsync(during, Short);
                    break;
                default:
                    await dependency.FillAsync();
                    await WhileAsync(during, Short);
                    break;
            }
        }
        catch
        {
            // What was seen is to be told, whatever becomes of the rest.
            await Record.ExceptionAsync(() => PassAsync(fault, dependency));
            throw;
        }

        await PassAsync(fault, dependency);
    }

    private static Task PassAsync(Fault fault, Dependency dependency)
    {
        if (fault is Fault.DiskFull) dependency.Free();
        if (fault is not Fault.Frozen) return dependency.StartAsync();
        return dependency is ServerDependency ? dependency.ThawAsync() : Task.CompletedTask;
    }

    private static async Task WhileAsync(Func<Task> during, TimeSpan atLeast)
    {
        var started = TimeProvider.System.GetTimestamp();
        await during();
        await Eventually.Until("the fault has lasted", () => TimeProvider.System.GetElapsedTime(started) > atLeast, atLeast + TimeSpan.FromSeconds(1));
    }
}

/// <summary>What must hold while something is away.</summary>
/// <param name="Missing">The check that tells of it, and how bad it is.</param>
/// <param name="Serves">A clone is served all the time.</param>
/// <param name="Refusals">Answers to reads that are allowed beside 200.</param>
/// <param name="MayFail">The code with which a job that was building may fail.</param>
internal sealed record Expectation(
    Acceptance Accepts, (string Name, string Status)? Missing, bool Serves, IReadOnlyList<string> Refusals, string? MayFail = null)
{
    /// <summary>MariaDB that found its disk full asks only once a minute whether there is room again.</summary>
    public TimeSpan Healing { get; private init; } = TimeSpan.FromSeconds(25);

    private static readonly string[] StoreAway = ["503 STORE_UNAVAILABLE"];

    public static Expectation Of(string dependency, Fault fault)
    {
        var isAway = fault is Fault.Killed or Fault.Frozen or Fault.Refusing;
        return dependency switch
        {
            "redis" => new(
                fault switch { Fault.Slow => Acceptance.Yes, Fault.Restarted => Acceptance.Either, Fault.DiskFull => Acceptance.NotForLong, _ => Acceptance.No },
                isAway || fault is Fault.DiskFull ? ("redis", "unhealthy") : null, Serves: true, StoreAway),
            "postgresql" => new(Acceptance.Yes, isAway ? ("postgresql", "degraded") : null, Serves: true, []),
            "mariadb" => new(Acceptance.Yes, isAway ? ("backend", "degraded") : null, Serves: false, [], fault is Fault.DiskFull ? "DISK_FULL" : null)
            {
                Healing = TimeSpan.FromSeconds(fault is Fault.DiskFull ? 75 : 25),
            },
            _ => new(Acceptance.Yes, null, Serves: false, [], fault is Fault.DiskFull ? "DISK_FULL" : null),
        };
    }
}
