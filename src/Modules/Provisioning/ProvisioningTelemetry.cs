using System.Diagnostics;
using System.Diagnostics.Metrics;
using CloneHub.Contracts;

namespace CloneHub.Provisioning;

/// <summary>Spans and figures of this module, under its own name. Figures tell of no tenant, job or site.</summary>
internal static class ProvisioningTelemetry
{
    public const string Name = "CloneHub.Provisioning";

    private static readonly ActivitySource Activities = new(Name);
    private static readonly Meter Meter = new(Name);

    // From a database that is made in milliseconds to an import that may take an hour.
    private static readonly Histogram<double> Durations = Meter.CreateHistogram(
        "clonehub.step.duration", "s", "How long an attempt at a step took.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 900, 3600] });

    private static readonly Histogram<double> Parts = Meter.CreateHistogram(
        "clonehub.part.duration", "s", "How long a part of an attempt took, whether it ended well or not. Parts run side by side and within each other.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600] });

    private static readonly UpDownCounter<long> Active = Meter.CreateUpDownCounter<long>("clonehub.step.active", "{attempt}", "Attempts at steps that are under way.");
    private static readonly Counter<long> Restarts = Meter.CreateCounter<long>("clonehub.php.restarts", "{pool}", "PHP pools of clones that were found dead.");
    private static readonly Gauge<long> Pools = Meter.CreateGauge<long>("clonehub.php.pools", "{pool}", "PHP pools of clones that run.");
    private static readonly Gauge<long> Serving = Meter.CreateGauge<long>("clonehub.clones.serving", "{clone}", "Clones that the public reaches.");

    private static readonly Counter<long> Claims = Meter.CreateCounter<long>("clonehub.pool.claims", "{clone}", "Clones begun, by whether an instance was ready for them.");
    private static readonly Counter<long> Readings = Meter.CreateCounter<long>("clonehub.pool.readings", "{reading}", "Looks of the warm pool at the queue, by outcome.");
    private static readonly Counter<long> Unmade = Meter.CreateCounter<long>("clonehub.pool.failures", "{instance}", "Instances for the warm pool that could not be made.");
    private static readonly Gauge<long> PoolWanted = Meter.CreateGauge<long>("clonehub.pool.wanted", "{instance}", "Instances that the warm pool should have.");
    private static readonly Gauge<long> PoolUsage = Meter.CreateGauge<long>("clonehub.pool.instances", "{instance}", "Instances that the warm pool has, by state.");

    /// <summary>Shows what has not happened yet as 0, so that the first time is a rise.</summary>
    public static void Begin()
    {
        Active.Add(0);
        Restarts.Add(0);
    }

    /// <summary>The same for the warm pool.</summary>
    public static void BeginPool()
    {
        Unmade.Add(0);
        foreach (var outcome in (string[])["warm", "cold"]) Claims.Add(0, Outcome(outcome));
        foreach (var outcome in (string[])["done", "failed"]) Readings.Add(0, Outcome(outcome));
    }

    /// <summary>The span of one attempt, in the trace of its job. Without a parent it begins a trace of its own.</summary>
    public static Activity? StartStep(StepToken token, string? traceParent)
    {
        _ = ActivityContext.TryParse(traceParent, null, isRemote: true, out var parent);
        return Activities.StartActivity($"step {token.Step}", ActivityKind.Internal, parent)
            ?.SetTag("clonehub.job", token.Job.Value)
            .SetTag("clonehub.step", token.Step.ToString())
            .SetTag("clonehub.attempt", token.Attempt);
    }

    /// <summary>A part of the step that is under way, until it is disposed of: a span, and a figure of its own.</summary>
    public static StepPart StartPart(string name) => new(name, Activities.StartActivity(name));

    public static void Started(StepToken token) => Active.Add(1, Step(token));

    public static void Ended(StepToken token, StepOutcome outcome, TimeSpan elapsed)
    {
        Active.Add(-1, Step(token));
        Durations.Record(elapsed.TotalSeconds, Step(token), new KeyValuePair<string, object?>("outcome", outcome.ToString()));
    }

    internal static void PartEnded(string name, TimeSpan elapsed) => Parts.Record(elapsed.TotalSeconds, new KeyValuePair<string, object?>("part", name));

    public static void CountRestart() => Restarts.Add(1);

    public static void Looked(int pools, int serving)
    {
        Pools.Record(pools);
        Serving.Record(serving);
    }

    public static void CountClaim(bool isWarm) => Claims.Add(1, Outcome(isWarm ? "warm" : "cold"));

    public static void CountReading(bool isKnown) => Readings.Add(1, Outcome(isKnown ? "done" : "failed"));

    public static void CountUnmade() => Unmade.Add(1);

    public static void Pooled(int wanted, int ready, int starting)
    {
        PoolWanted.Record(wanted);
        PoolUsage.Record(ready, new KeyValuePair<string, object?>("state", "ready"));
        PoolUsage.Record(starting, new KeyValuePair<string, object?>("state", "starting"));
    }

    private static KeyValuePair<string, object?> Outcome(string outcome) => new("outcome", outcome);

    private static KeyValuePair<string, object?> Step(StepToken token) => new("step", token.Step.ToString());
}

/// <summary>Part of a step: see <see cref="ProvisioningTelemetry.StartPart"/>.</summary>
internal sealed class StepPart(string name, Activity? span) : IDisposable
{
    private readonly long _started = TimeProvider.System.GetTimestamp();

    public StepPart SetTag(string tag, object? value)
    {
        span?.SetTag(tag, value);
        return this;
    }

    public void Dispose()
    {
        span?.Dispose();
        ProvisioningTelemetry.PartEnded(name, TimeProvider.System.GetElapsedTime(_started));
    }
}
