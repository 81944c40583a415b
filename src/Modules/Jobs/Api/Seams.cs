using CloneHub.Contracts;

namespace CloneHub.Jobs.Api;

/// <summary>A request to clone a site that has passed every check that can be made without asking the source.</summary>
/// <param name="IdempotencyKey">The caller's own name of this request; the same key of the same tenant is the same job.</param>
/// <param name="CallbackUrl">Where the owner wants to be called; it may hold a token.</param>
internal sealed record CloneRequest(
    string Tenant,
    Uri SourceUrl,
    string Username,
    Secret Password,
    string? CustomerId,
    TimeSpan Ttl,
    string? IdempotencyKey,
    Secret? CallbackUrl = null);

/// <summary>What became of a request.</summary>
internal enum Acceptance
{
    /// <summary>A new job; it is durable.</summary>
    Created,

    /// <summary>The same request was accepted before; this is its job.</summary>
    Existing,

    /// <summary>Another request was accepted before under this idempotency key; nothing was done.</summary>
    Conflict,
}

internal sealed record Accepted(JobSnapshot Job, Acceptance Acceptance);

/// <summary>Takes requests. Answers once the job is durable; throws <see cref="UnavailableException"/> while it cannot be.</summary>
internal interface IJobIntake
{
    Task<Accepted> AcceptAsync(CloneRequest request, CancellationToken cancellation);
}

/// <summary>Tells where jobs stand.</summary>
internal interface IJobReader
{
    /// <summary>The job as it stands, or null if no such job was ever accepted.</summary>
    /// <param name="seen">Version the caller has seen already (0 if none): the answer is at least as new.</param>
    Task<JobSnapshot?> ReadAsync(JobId job, long seen, CancellationToken cancellation);
}

/// <summary>Ends jobs before their time.</summary>
internal interface IJobRemover
{
    /// <summary>Cancels a job that waits or runs, or has its clone removed; does nothing more to one that is over. Null if there is no such job.</summary>
    Task<JobSnapshot?> RequestRemovalAsync(JobId job, CancellationToken cancellation);
}

/// <summary>Something needed to accept or answer is not available now and may be in a moment. Becomes a 503 with Retry-After.</summary>
/// <param name="code">STORE_UNAVAILABLE or ARCHIVE_LAG; documented in docs/errors.md.</param>
/// <param name="message">What is not available, in plain words, without addresses or secrets.</param>
internal sealed class UnavailableException(string code, string message, Exception? inner = null) : Exception(message, inner)
{
    public const string Store = "STORE_UNAVAILABLE";
    public const string Archive = "ARCHIVE_LAG";

    public string Code { get; } = code;
}
