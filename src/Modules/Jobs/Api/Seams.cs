using System.Text;
using CloneHub.Contracts;
using CloneHub.Jobs.Vault;

namespace CloneHub.Jobs.Api;

/// <summary>A request to clone a site that has passed every check that can be made without asking the source.</summary>
/// <param name="Username">An administrator's log-in name at the source; empty, as the password is then, for a copy of what the source publishes or one by hand.</param>
/// <param name="IdempotencyKey">The caller's own name of this request; the same key of the same tenant is the same job.</param>
/// <param name="Replaces">The tenant's earlier clones of the same label go once this one serves.</param>
/// <param name="CallbackUrl">Where the owner wants to be called; it may hold a token.</param>
/// <param name="Priority">Whether somebody waits for the clone.</param>
/// <param name="ByHand">The owner installs the connector where CloneHub cannot.</param>
/// <param name="Media">When the clone's media come.</param>
internal sealed record CloneRequest(
    string Tenant,
    Uri SourceUrl,
    string Username,
    Secret Password,
    string? CustomerId,
    TimeSpan Ttl,
    string? IdempotencyKey,
    bool Replaces = false,
    Secret? CallbackUrl = null,
    JobPriority Priority = JobPriority.Interactive,
    bool ByHand = false,
    CloneMedia Media = CloneMedia.Eager) : IJobDemand
{
    public CloneFidelity Fidelity => Username.Length == 0 && !ByHand ? CloneFidelity.Public : CloneFidelity.Full;

    // What was added later counts only where it is asked for, so that requests from before it keep their fingerprint.
    IReadOnlyList<string> IJobDemand.Parts =>
    [
        SourceUrl.AbsoluteUri, Username, Password.Reveal(), CustomerId ?? "", $"{Ttl.TotalSeconds:0}",
        .. Replaces ? (string[])["replace"] : [],
        .. Priority is JobPriority.Bulk ? (string[])["bulk"] : [],
        .. ByHand ? (string[])["by_hand"] : [],
        .. Media is CloneMedia.OnDemand ? (string[])["media=on_demand"] : [],
        .. CallbackUrl is { } callback ? (string[])[$"callback_url={callback.Reveal()}"] : [],
    ];

    IJobCommand IJobDemand.Command(string fingerprint, string? traceParent) =>
        new RequestClone(SourceUrl, Tenant, CustomerId, Ttl, fingerprint, Fidelity, Replaces, CallbackUrl is not null, traceParent, Priority, ByHand, Media);

    JobSecrets IJobDemand.Secrets() => JobSecretsFactory.New(Username, Password, CallbackUrl);
}

/// <summary>A request to bring a clone's content to a site that has passed every check that can be made without asking either.</summary>
/// <param name="CloneUrl">Null, as the next two are, until the clone of <paramref name="SourceJob"/> was looked up.</param>
/// <param name="CloneUsername">An administrator of the clone.</param>
/// <param name="SourceJob">The tenant's job that made the clone; null if the clone was named by its address, and is none of the tenant's.</param>
/// <param name="Base">See <see cref="RestoreOrder"/>.</param>
internal sealed record RestoreRequest(
    string Tenant,
    Uri? CloneUrl,
    string? CloneUsername,
    Secret? ClonePassword,
    JobId? SourceJob,
    Uri TargetUrl,
    string TargetUsername,
    Secret TargetPassword,
    bool PreservePlugins,
    bool PreserveThemes,
    OnDrift OnDrift,
    IReadOnlyList<string> KeepTables,
    bool DryRun,
    string? CustomerId,
    string? IdempotencyKey,
    Secret? CallbackUrl = null,
    IReadOnlyList<TableMark>? Base = null) : IJobDemand
{
    /// <summary>How the clone was named, which <see cref="CloneUrl"/> does not tell once it was looked up.</summary>
    public required IReadOnlyList<string> Source { get; init; }

    IReadOnlyList<string> IJobDemand.Parts =>
    [
        "restore", .. Source, TargetUrl.AbsoluteUri, TargetUsername, TargetPassword.Reveal(), $"{PreservePlugins}", $"{PreserveThemes}", $"{OnDrift}", string.Join(',', KeepTables), $"{DryRun}",
        CustomerId ?? "", CallbackUrl?.Reveal() ?? "",
    ];

    IJobCommand IJobDemand.Command(string fingerprint, string? traceParent) => new RequestRestore(
        CloneUrl!, new RestoreOrder(TargetUrl, PreservePlugins, PreserveThemes, OnDrift, KeepTables, DryRun, Base), Tenant, CustomerId, fingerprint, SourceJob?.Value, CallbackUrl is not null, traceParent);

    JobSecrets IJobDemand.Secrets() =>
        JobSecretsFactory.New(CloneUsername!, ClonePassword!, CallbackUrl) with { TargetUsername = TargetUsername, TargetPassword = TargetPassword };

    // The record's own text would show user names in a log line.
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append("TargetUrl = ").Append(TargetUrl);
        return true;
    }
}

/// <summary>A request that becomes a job.</summary>
internal interface IJobDemand
{
    string Tenant { get; }

    string? IdempotencyKey { get; }

    /// <summary>All that tells it from another request, secrets included; for a keyed hash and nothing else.</summary>
    IReadOnlyList<string> Parts { get; }

    IJobCommand Command(string fingerprint, string? traceParent);

    JobSecrets Secrets();
}

/// <summary>What became of a request.</summary>
internal enum Acceptance
{
    /// <summary>A new job; it is durable.</summary>
    Created,

    /// <summary>The same request was accepted before; this is its job.</summary>
    Existing,

    /// <summary>Another request was accepted before under this idempotency key; nothing was done.</summary>
    Conflict,

    /// <summary>Another restore is at work at the site; nothing was done.</summary>
    TargetTaken,
}

/// <param name="Job">Of <see cref="Acceptance.TargetTaken"/> the other one, which may be another tenant's.</param>
internal sealed record Accepted(JobSnapshot Job, Acceptance Acceptance);

/// <summary>
/// Takes requests. Answers once the job is durable; throws <see cref="UnavailableException"/> while it cannot be, <see cref="TooManyJobsException"/>
/// if the tenant has too many open.
/// </summary>
internal interface IJobIntake
{
    Task<Accepted> AcceptAsync(IJobDemand request, CancellationToken cancellation);

    /// <summary>What became of a request under the same key before; null if there was none.</summary>
    Task<Accepted?> EarlierAsync(IJobDemand request, CancellationToken cancellation);
}

/// <summary>Looks up what a restore is to bring.</summary>
internal interface IRestoreSources
{
    /// <summary>The request with clone, log-in and base; or why there is none. Exactly one of the two is set.</summary>
    Task<(RestoreRequest? Request, Problem? Problem)> FindAsync(RestoreRequest request, CancellationToken cancellation);
}

/// <summary>Undoes restores.</summary>
internal interface IRestoreUndo
{
    /// <summary>Has the site that the job has restored get its old content again.</summary>
    Task<Undo> RollBackAsync(JobId job, CancellationToken cancellation);
}

/// <param name="Job">As it stands afterwards.</param>
internal sealed record Undo(JobSnapshot Job, UndoResult Result);

/// <summary>What became of an order to undo a restore.</summary>
internal enum UndoResult
{
    /// <summary>The site gets its old content again, or has it already.</summary>
    RollingBack,

    /// <summary>There is nothing to undo, or not any more.</summary>
    NotUndoable,

    /// <summary>Another restore is at work at the site.</summary>
    TargetTaken,
}

/// <summary>Tells where jobs stand.</summary>
internal interface IJobReader
{
    /// <summary>The job as it stands, or null if no such job was ever accepted.</summary>
    /// <param name="seen">Version the caller has seen already (0 if none): the answer is at least as new.</param>
    Task<JobSnapshot?> ReadAsync(JobId job, long seen, CancellationToken cancellation);
}

/// <summary>Which jobs to list.</summary>
/// <param name="After">Where the page before ended; null for the first one.</param>
/// <param name="Type">clone or restore; null for both.</param>
internal sealed record JobFilter(string Tenant, JobStatus? Status, string? CustomerId, JobCursor? After, int Limit, string? Type = null)
{
    public bool Matches(JobSnapshot job) =>
        job.Tenant == Tenant && (Status is null || job.Status == Status) && (CustomerId is null || job.CustomerId == CustomerId) && (Type is null || job.Type == Type) && After?.IsBefore(job) != false;
}

/// <param name="Jobs">Newest first.</param>
/// <param name="Next">Null on the last page.</param>
internal sealed record JobPage(IReadOnlyList<JobSnapshot> Jobs, JobCursor? Next);

/// <summary>Lists a tenant's jobs.</summary>
internal interface IJobList
{
    Task<JobPage> ListAsync(JobFilter filter, CancellationToken cancellation);
}

/// <summary>Tells what has happened to jobs.</summary>
internal interface IJobHistory
{
    /// <summary>The job's events in order from number <paramref name="from"/> (1 for the first) on; throws <see cref="UnavailableException"/> while neither log answers.</summary>
    Task<IReadOnlyList<IJobEvent>> ReadAsync(JobId job, long from, CancellationToken cancellation);
}

/// <summary>Ends jobs before their time.</summary>
internal interface IJobRemover
{
    /// <summary>Cancels a job that waits or runs, or has its clone removed; does nothing more to one that is over. Null if there is no such job.</summary>
    Task<JobSnapshot?> RequestRemovalAsync(JobId job, CancellationToken cancellation);
}

/// <summary>Gives clones more time.</summary>
internal interface IJobExtender
{
    /// <summary>Lets the job's clone serve for <paramref name="ttl"/> from now on.</summary>
    Task<Extension> ExtendAsync(JobId job, TimeSpan ttl, CancellationToken cancellation);
}

/// <param name="Job">As it stands afterwards.</param>
internal sealed record Extension(JobSnapshot Job, ExtensionResult Result);

/// <summary>What became of an order to extend a clone.</summary>
internal enum ExtensionResult
{
    /// <summary>The clone serves for so long, perhaps since an order before this one.</summary>
    Extended,

    /// <summary>There is no clone that serves.</summary>
    NotServing,

    /// <summary>The clone has had all its extensions.</summary>
    TooOften,
}

/// <summary>Something needed to accept or answer is not available now and may be in a moment. Becomes a 503 with Retry-After.</summary>
/// <param name="code">STORE_UNAVAILABLE, ARCHIVE_LAG or QUEUE_FULL; documented in docs/errors.md.</param>
/// <param name="message">What is not available, in plain words, without addresses or secrets.</param>
internal sealed class UnavailableException(string code, string message, Exception? inner = null) : Exception(message, inner)
{
    public const string Store = "STORE_UNAVAILABLE";
    public const string Archive = "ARCHIVE_LAG";
    public const string Queue = "QUEUE_FULL";

    public string Code { get; } = code;
}

/// <summary>The tenant has as many jobs open as it may have. Becomes a 429 with Retry-After.</summary>
internal sealed class TooManyJobsException(int open) : Exception($"{open} of your jobs wait or run already.");
