using System.Text.Json;
using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.GetJobStatus;

namespace CloneHub.Jobs.Callbacks;

/// <summary>One call to the owner of a job, whichever attempt it is.</summary>
/// <param name="Id">Names the notice over all its attempts. It holds no dot, because the signed text is divided by them.</param>
/// <param name="Body">UTF-8 of the JSON that is sent and signed.</param>
internal sealed record Callback(JobId Job, string Tenant, string Id, ReadOnlyMemory<byte> Body)
{
    public static Callback Of(JobState state, Notice notice)
    {
        var name = notice.ToString().ToLowerInvariant();
        var body = new CallbackBody($"job.{name}", HappenedAt(state.Job, notice), JobBody.From(JobSnapshots.Of(state)));
        return new Callback(state.Id, state.Job.Request!.Tenant, $"msg_{state.Id.Key}_{name}", JsonSerializer.SerializeToUtf8Bytes(body, WireJson.Default.CallbackBody));
    }

    private static DateTimeOffset HappenedAt(IJob job, Notice notice) => (notice is Notice.Removed ? job.RemovedAt : job.CompletedAt)!.Value;
}

/// <summary>What is sent: the envelope of Standard Webhooks around the job.</summary>
/// <param name="Type">job.completed, job.failed, job.cancelled or job.removed.</param>
/// <param name="Timestamp">When that happened, not when the call was made.</param>
/// <param name="Data">The job as it stood when the call was made, without credentials.</param>
internal sealed record CallbackBody(string Type, DateTimeOffset Timestamp, JobBody Data);

/// <summary>What became of a call.</summary>
/// <param name="Fault">Why it counts as failed, in plain words without the address; null if it was delivered.</param>
/// <param name="Final">Another attempt would be in vain.</param>
/// <param name="RetryAfter">The pause that the answer asked for.</param>
internal sealed record CallbackAnswer(string? Fault, bool Final = false, TimeSpan? RetryAfter = null)
{
    public static readonly CallbackAnswer Delivered = new(Fault: null);
}
