using System.Text.Json;
using System.Text.Json.Serialization;
using CloneHub.Contracts;

namespace CloneHub.Jobs;

/// <summary>What all requests for jobs have in common; the first event of a job is one.</summary>
internal interface IJobRequest : IJobEvent
{
    string Tenant { get; }

    string? CustomerId { get; }

    string RequestHash { get; }

    string? TraceParent { get; }

    JobPriority Priority { get; }
}

/// <summary>
/// A lifecycle as its actor, its readers and the queue see it: what comes next, until when, and how to say where it stands. Which one a job
/// has is told by its first event, see <see cref="Lifecycles"/>.
/// </summary>
[JsonConverter(typeof(JobJson))]
internal interface IJob
{
    /// <summary>Null before the first event only.</summary>
    IJobRequest? Request { get; }

    /// <summary>What kind of work it is, as callers are told: "clone".</summary>
    string Type { get; }

    Outcome Outcome { get; }
    DateTimeOffset? StartedAt { get; }
    DateTimeOffset? CompletedAt { get; }
    DateTimeOffset? RemovedAt { get; }
    DateTimeOffset UpdatedAt { get; }

    /// <summary>Why it failed; null unless it has.</summary>
    StepFault? Fault { get; }
    CloneStep? FaultStep { get; }

    /// <summary>The work this job is waiting for; null while it rests.</summary>
    CloneStep? NextStep { get; }
    bool StepRunning { get; }
    DateTimeOffset RetryAt { get; }

    /// <summary>When it must be looked at again though nobody asks; null while a step decides what comes next.</summary>
    DateTimeOffset? Deadline { get; }

    /// <summary>Accepted, and not begun.</summary>
    bool IsWaiting { get; }

    /// <summary>Accepted, and neither completed nor failed nor on its way out: somebody waits for it.</summary>
    bool IsBuilding { get; }

    /// <summary>Of what it made, or left at other sites, nothing is to be removed any more.</summary>
    bool IsTerminal { get; }

    /// <summary>Nothing is left to do: no step, and nobody to tell.</summary>
    bool IsOver => IsTerminal && Notices.Count == 0;

    /// <summary>Something exists that counts against the ceilings of clones.</summary>
    bool HasClone { get; }

    /// <summary>The log-ins at sites are still needed.</summary>
    bool NeedsLogIns { get; }

    /// <summary>Why it waits for its owner; null while it does not.</summary>
    StepFault? Awaited { get; }

    /// <summary>Earlier jobs have still to make way for what it made.</summary>
    bool ReplacesNow { get; }

    /// <summary>What the owner has still to be told, in this order; the next two are of the first.</summary>
    IReadOnlyList<Notice> Notices { get; }
    int NoticeAttempt { get; }
    DateTimeOffset NoticeAt { get; }

    /// <summary>pending, running, completed, failed or cancelled.</summary>
    string Status { get; }

    /// <summary>What is going on, in plain words.</summary>
    string Message { get; }

    /// <summary>Percent, rising only; <paramref name="fraction"/> is how much of the running step is done, 0 to 1.</summary>
    int Progress(double fraction = 0);

    /// <summary>The start of <see cref="NextStep"/> that is under way.</summary>
    StepToken? Running(JobId job);

    /// <summary>What a worker has to know for <see cref="NextStep"/>.</summary>
    CloneOrder Order(JobId job);

    /// <summary>The longest one attempt of a step may take before it counts as failed.</summary>
    TimeSpan LimitOf(CloneStep step);

    /// <summary>What a step that outlived <see cref="LimitOf"/> has failed with.</summary>
    StepFault TimedOut(CloneStep step);

    IReadOnlyList<IJobEvent> Decide(IJobCommand command, DateTimeOffset now);

    IJob Apply(IJobEvent e);
}

/// <summary>Both lifecycles.</summary>
internal static class Lifecycles
{
    /// <summary>A job of which nothing is known yet.</summary>
    public static readonly IJob None = CloneJob.None;

    /// <summary>The first event tells which lifecycle the stream is of.</summary>
    public static IJob After(this IJob job, IJobEvent e) => e is RestoreRequested ? RestoreJob.None.Apply(e) : job.Apply(e);
}

/// <summary>A clone is written as it always was; a restore inside an object of its own, which no clone has.</summary>
internal sealed class JobJson : JsonConverter<IJob>
{
    private const string Restore = "restore";

    public override IJob? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var json = JsonDocument.ParseValue(ref reader);
        return json.RootElement.TryGetProperty(Restore, out var restore) ? restore.Deserialize<RestoreJob>(options) : json.RootElement.Deserialize<CloneJob>(options);
    }

    public override void Write(Utf8JsonWriter writer, IJob value, JsonSerializerOptions options)
    {
        if (value is not RestoreJob restore)
        {
            JsonSerializer.Serialize(writer, (CloneJob)value, options);
            return;
        }

        writer.WriteStartObject();
        writer.WritePropertyName(Restore);
        JsonSerializer.Serialize(writer, restore, options);
        writer.WriteEndObject();
    }
}
