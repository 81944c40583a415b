using System.ComponentModel;
using System.Text.Json.Serialization;
using CloneHub.Contracts;

namespace CloneHub.Jobs.Api;

/// <summary>A job as callers see it.</summary>
internal sealed record JobBody
{
    [Description("Names the job and its clone.")]
    public required string JobId { get; init; }

    [Description("What kind of work it is: clone or restore.")]
    public required string Type { get; init; }

    public required JobStatus Status { get; init; }

    [Description("0 to 100, never falling.")]
    public required int Progress { get; init; }

    [Description("What is going on now, in plain words.")]
    public required string Message { get; init; }

    [Description("Where to ask for the job's state.")]
    public required string StatusUrl { get; init; }

    [Description("The caller's own label, as it was sent.")]
    public string? CustomerId { get; init; }

    [Description("1 for the job that is next; absent once work has begun.")]
    public int? QueuePosition { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    [Description("When the clone goes away; counted from the moment it began to serve.")]
    public DateTimeOffset? ExpiresAt { get; init; }

    [Description("When the job will probably be done, while it waits or runs; absent where there is nothing to go by.")]
    public DateTimeOffset? EstimatedCompletion { get; init; }

    [Description("Present while the job waits for its owner; it goes on by itself once that is done.")]
    public ActionBody? ActionRequired { get; init; }

    public CloneResultBody? Result { get; init; }

    [Description("Of a restore: what it would do, does or has done.")]
    public RestoreBody? Restore { get; init; }

    public JobErrorBody? Error { get; init; }

    public static string StatusPath(JobId job) => $"/api/v2/job-status/{job}";

    /// <param name="credentials">The job's secrets if the caller may see them now, else null.</param>
    /// <param name="isListed">Among others: a plan is left out.</param>
    public static JobBody From(JobSnapshot job, JobSecrets? credentials = null, bool isListed = false) => new()
    {
        JobId = job.Job.Value,
        Type = job.Type,
        Status = job.Status,
        Progress = job.Progress,
        Message = job.Message,
        StatusUrl = StatusPath(job.Job),
        CustomerId = job.CustomerId,
        QueuePosition = job.QueuePosition,
        CreatedAt = job.CreatedAt,
        UpdatedAt = job.UpdatedAt,
        StartedAt = job.StartedAt,
        CompletedAt = job.CompletedAt,
        ExpiresAt = job.ExpiresAt,
        EstimatedCompletion = job.EstimatedCompletion,
        ActionRequired = job.Awaited is { } action ? ActionBody.From(job.Job, action) : null,
        Result = job.Result is { } result ? CloneResultBody.From(result, job.ExpiresAt, credentials) : null,
        Restore = job.Restore is { } restore ? RestoreBody.From(job, restore, withPlan: !isListed) : null,
        Error = job.Error is { } e ? new JobErrorBody(e.Code, e.Message, e.Hint, e.Step, e.Retryable) : null,
    };
}

/// <summary>What a job has made. Two names for the same value where earlier clients know another one.</summary>
internal sealed record CloneResultBody
{
    [Description("Address of the clone's home page.")]
    public required Uri CloneUrl { get; init; }

    [Description("Administrator of the clone; present while it serves.")]
    public string? Username { get; init; }

    [Description("The administrator's password; present while the clone serves.")]
    [JsonConverter(typeof(RevealedSecretConverter))]
    public Secret? Password { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    [Description("full: the whole site was copied; public: what the source publishes to everyone.")]
    public required string Fidelity { get; init; }

    [Description("The same as clone_url.")]
    public required Uri PublicUrl { get; init; }

    [Description("The same as username.")]
    public string? WordpressUsername { get; init; }

    [Description("The same as password.")]
    [JsonConverter(typeof(RevealedSecretConverter))]
    public Secret? WordpressPassword { get; init; }

    [Description("What the clone holds, as counted after the import.")]
    public ContentBody? Content { get; init; }

    [Description("Of a clone that was asked for with media 'on_demand': what it was handed over without, and what became of that.")]
    public MediaBody? Media { get; init; }

    [Description("What was left out, replaced or switched off in the clone.")]
    public required IReadOnlyList<string> Warnings { get; init; }

    [Description("When the clone was removed; absent while it exists.")]
    public DateTimeOffset? RemovedAt { get; init; }

    public static CloneResultBody From(CloneOutcome outcome, DateTimeOffset? expiresAt, JobSecrets? credentials) => new()
    {
        CloneUrl = outcome.CloneUrl,
        Username = credentials is null ? null : outcome.Username,
        Password = credentials?.ClonePassword,
        ExpiresAt = expiresAt,
        Fidelity = outcome.Fidelity,
        PublicUrl = outcome.CloneUrl,
        WordpressUsername = credentials is null ? null : outcome.Username,
        WordpressPassword = credentials?.ClonePassword,
        Content = outcome.Content is { } content ? ContentBody.From(content) : null,
        Media = outcome.Media is { } media ? MediaBody.From(media) : null,
        Warnings = outcome.Warnings,
        RemovedAt = outcome.RemovedAt,
    };
}

/// <summary>What the owner of a job has to do: install the connector at the source and activate it.</summary>
internal sealed record ActionBody
{
    [Description("Why CloneHub cannot go on alone: a code of docs/errors.md.")]
    public required string Code { get; init; }

    [Description("The same in plain words.")]
    public required string Message { get; init; }

    [Description("What to do, in plain words.")]
    public required string Hint { get; init; }

    [Description("Where the connector is, a zip that WordPress installs. Ask with the same API key.")]
    public required string ConnectorUrl { get; init; }

    [Description("The job has failed if the connector was not activated by then.")]
    public required DateTimeOffset Until { get; init; }

    public static string ConnectorPath(JobId job) => $"/api/v2/jobs/{job}/connector";

    public static ActionBody From(JobId job, RequiredAction action) => new()
    {
        Code = action.Code,
        Message = action.Message,
        Hint = $"{action.Hint} To go on without that: download the connector from connector_url. Install it at the source: Plugins, Add New, Upload Plugin; or unpack it into wp-content/plugins. Then activate it. "
            + "The job goes on by itself within a minute, and the connector leaves with it.",
        ConnectorUrl = ConnectorPath(job),
        Until = action.Until,
    };
}

internal sealed record ContentBody(int Tables, long Rows, long Files, long Bytes)
{
    public static ContentBody From(ContentFacts content) => new(content.Tables, content.Rows, content.Files, content.Bytes);
}

/// <summary>Why a job failed, and what to do about it.</summary>
internal sealed record JobErrorBody(string Code, string Message, string Hint, string? Step, bool Retryable);
