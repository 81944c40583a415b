using System.Diagnostics;
using System.Diagnostics.Metrics;
using CloneHub.Contracts;

namespace CloneHub.Provisioning;

/// <summary>Spans and figures of this module, under its own name.</summary>
internal static class ProvisioningTelemetry
{
    public const string Name = "CloneHub.Provisioning";

    private static readonly ActivitySource Activities = new(Name);
    private static readonly Meter Meter = new(Name);

    private static readonly Histogram<double> Durations =
        Meter.CreateHistogram<double>("clonehub.step.duration", "s", "How long an attempt at a step took.");

    public static Activity? StartStep(StepToken token) =>
        Activities.StartActivity($"step {token.Step}")
            ?.SetTag("clonehub.job", token.Job.Value)
            .SetTag("clonehub.step", token.Step.ToString())
            .SetTag("clonehub.attempt", token.Attempt);

    public static void Ended(StepToken token, StepOutcome outcome, TimeSpan elapsed) =>
        Durations.Record(
            elapsed.TotalSeconds,
            new KeyValuePair<string, object?>("step", token.Step.ToString()),
            new KeyValuePair<string, object?>("outcome", outcome.ToString()));
}
