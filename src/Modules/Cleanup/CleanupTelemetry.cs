using System.Diagnostics.Metrics;

namespace CloneHub.Cleanup;

/// <summary>Figures of this module, under its own name.</summary>
internal static class CleanupTelemetry
{
    public const string Name = "CloneHub.Cleanup";

    private static readonly Meter Meter = new(Name);
    private static readonly Counter<long> Sweeps = Meter.CreateCounter<long>("clonehub.sweep.runs", "{sweep}", "Looks for leftovers, by outcome.");
    private static readonly Counter<long> Findings = Meter.CreateCounter<long>("clonehub.sweep.findings", "{clone}", "Leftovers of clones that no job wants.");
    private static readonly Counter<long> Removals = Meter.CreateCounter<long>("clonehub.sweep.removals", "{clone}", "Leftovers that were removed.");
    private static readonly Gauge<long> Existing = Meter.CreateGauge<long>("clonehub.clones.existing", "{clone}", "Clones of which anything exists, whatever their jobs do.");
    private static readonly Counter<long> Failures = Meter.CreateCounter<long>("clonehub.deadlines.failures", "{look}", "Looks at deadlines that failed.");

    /// <summary>Shows what has not happened yet as 0, so that the first time is a rise.</summary>
    public static void Begin()
    {
        Sweeps.Add(0, Outcome("done"));
        Sweeps.Add(0, Outcome("failed"));
        foreach (var counter in (Counter<long>[])[Findings, Removals, Failures]) counter.Add(0);
    }

    public static void Swept(SweepReport report)
    {
        Sweeps.Add(1, Outcome("done"));
        Findings.Add(report.Orphans.Count);
        Removals.Add(report.Removed.Count);
        Existing.Record(report.Examined - report.Removed.Count);
    }

    public static void CountFailedSweep() => Sweeps.Add(1, Outcome("failed"));

    public static void CountFailedLook() => Failures.Add(1);

    private static KeyValuePair<string, object?> Outcome(string outcome) => new("outcome", outcome);
}
