using System.Text.Json.Serialization;
using Akka.Actor;
using CloneHub.Contracts;

namespace CloneHub.Jobs;

/// <summary>Be there: recover if need be, and go on.</summary>
/// <param name="IsNew">It was accepted this moment under an id that nobody can have had before: no log knows more of it than its journal.</param>
internal sealed record WakeJob(JobId Job, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool IsNew = false) : IJobMessage;

/// <summary>Answered by <see cref="JobState"/>.</summary>
internal sealed record GetJob(JobId Job) : IJobMessage;

/// <summary>The owner wants the job ended. Answered by <see cref="JobState"/> once that is durable.</summary>
internal sealed record CancelJob(JobId Job) : IJobMessage;

/// <summary>The owner wants the clone to serve for so long from now on. Answered by <see cref="JobState"/> once that is durable; unchanged if it does not serve or may not be extended again.</summary>
internal sealed record ExtendJob(JobId Job, TimeSpan Ttl) : IJobMessage;

/// <summary>The owner of a restored site wants its old content again. Answered by <see cref="JobState"/> once that is durable; unchanged if there is nothing to undo any more.</summary>
internal sealed record RollBackJob(JobId Job) : IJobMessage;

/// <param name="Version">Events the job has had.</param>
/// <param name="Fraction">How much of the running step is done.</param>
/// <param name="Doing">What the running step says of itself; null if it has said nothing yet.</param>
internal sealed record JobState(JobId Id, IJob Job, long Version, double Fraction, string? Doing) : IWireMessage;

/// <summary>To the waker: this job's actor had to stop; wake it in a moment.</summary>
internal sealed record WakeLater(JobId Job) : IWireMessage;

internal sealed partial class CloneJobActor
{
    private sealed record StepTimedOut(StepToken Token) : INoSerializationVerificationNeeded;

    private sealed record HistoryLoaded(IReadOnlyList<RecordedEvent> Events) : INoSerializationVerificationNeeded;

    private sealed record HistoryFailed(Exception Error) : INoSerializationVerificationNeeded;

    private sealed class ArchiveSilent : INoSerializationVerificationNeeded
    {
        public static readonly ArchiveSilent Instance = new();
    }

    /// <summary>To an actor that is to rest or to move: once nothing is being written.</summary>
    internal sealed class Stop : INoSerializationVerificationNeeded
    {
        public static readonly Stop Instance = new();
    }

    private sealed class RetryDue : INoSerializationVerificationNeeded
    {
        public static readonly RetryDue Instance = new();
    }

    internal sealed class Forgotten : INoSerializationVerificationNeeded
    {
        public static readonly Forgotten Instance = new();
    }
}
