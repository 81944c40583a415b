using System.Text.Json;
using System.Text.Json.Serialization;
using CloneHub.Contracts;
using CloneHub.Jobs.FollowJob;
using CloneHub.Jobs.GetJobStatus;
using CloneHub.Jobs.ListJobs;
using CloneHub.Jobs.Queue;

namespace CloneHub.Jobs.Nodes;

/// <summary>
/// The name that each message between nodes has on the wire. While versions are exchanged one after the other, nodes of both talk to each
/// other: a field may be added if its absence means what it meant before; anything else is a new name.
/// </summary>
internal static class WireNames
{
    private static readonly (Type Type, string Name)[] All =
    [
        (typeof(WakeJob), "wake_job.v1"),
        (typeof(GetJob), "get_job.v1"),
        (typeof(CancelJob), "cancel_job.v1"),
        (typeof(ExtendJob), "extend_job.v1"),
        (typeof(ExpireJob), "expire_job.v1"),
        (typeof(RollBackJob), "roll_back_job.v1"),
        (typeof(JobState), "job_state.v1"),
        (typeof(WakeLater), "wake_later.v1"),
        (typeof(WantSlot), "want_slot.v1"),
        (typeof(HoldSlot), "hold_slot.v1"),
        (typeof(ReleaseSlot), "release_slot.v1"),
        (typeof(SlotGranted), "slot_granted.v1"),
        (typeof(GetQueuePosition), "get_queue_position.v1"),
        (typeof(QueuePosition), "queue_position.v1"),
        (typeof(RunStep), "run_step.v1"),
        (typeof(CancelStep), "cancel_step.v1"),
        (typeof(StepProgressed), "step_progressed.v1"),
        (typeof(StepReported), "step_reported.v1"),
        (typeof(WorkerDrains), "worker_drains.v1"),
        (typeof(WantNews), "want_news.v1"),
        (typeof(HaveNews), "have_news.v1"),
        (typeof(GetNewJobs), "get_new_jobs.v1"),
        (typeof(NewJobsOf), "new_jobs_of.v1"),
        (typeof(OfferSlots), "offer_slots.v1"),
        (typeof(SlotsLeased), "slots_leased.v1"),
        (typeof(WithdrawSlots), "withdraw_slots.v1"),
        (typeof(SlotLost), "slot_lost.v1"),
        (typeof(GetQueueState), "get_queue_state.v1"),
        (typeof(QueueState), "queue_state.v1"),
        (typeof(WakeAll), "wake_all.v1"),
        (typeof(AllAwake), "all_awake.v1"),
        (typeof(GetQueueLoad), "get_queue_load.v1"),
        (typeof(QueueLoadTold), "queue_load_told.v1"),
    ];

    private static readonly Dictionary<Type, string> ByType = All.ToDictionary(e => e.Type, e => e.Name);
    private static readonly Dictionary<string, Type> ByName = All.ToDictionary(e => e.Name, e => e.Type, StringComparer.Ordinal);

    public static IEnumerable<(Type Type, string Name)> Entries => All;

    public static string? Of(Type message) => ByType.GetValueOrDefault(message);

    /// <summary>Null for a name this version does not know: sent by a newer one.</summary>
    public static Type? TypeOf(string name) => ByName.GetValueOrDefault(name);
}

/// <summary>How messages between nodes are written as JSON.</summary>
internal static class WireFormat
{
    public static readonly JsonSerializerOptions Options = EventJson.Configure(new JsonSerializerOptions
    {
        // What follows from the rest is not sent.
        IgnoreReadOnlyProperties = true,
        Converters = { new JobIdText() },
    });

    private sealed class JobIdText : JsonConverter<JobId>
    {
        public override JobId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => JobId.Parse(reader.GetString()!);

        public override void Write(Utf8JsonWriter writer, JobId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
    }
}
