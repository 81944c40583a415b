namespace CloneHub.Contracts;

/// <summary>A clone, or what is left of one, as a back end finds it.</summary>
/// <param name="Parts">What exists of it: "database", "user", "files", "processes", "route"; in a cluster also "anchor", "deployment", "service".</param>
/// <param name="Since">When its first part was made.</param>
public sealed record ExistingClone(JobId Job, IReadOnlyList<string> Parts, DateTimeOffset Since);

/// <summary>What exists in the back end, whoever knows of it. Implemented by Provisioning.</summary>
public interface ICloneInventory
{
    Task<IReadOnlyList<ExistingClone>> ListAsync(CancellationToken cancellation);

    /// <summary>Removes whatever exists of a clone that no job wants any more, and verifies that it is gone.</summary>
    Task RemoveOrphanAsync(JobId job, CancellationToken cancellation);
}

/// <summary>Whether a job still wants its clone.</summary>
public enum JobPresence
{
    /// <summary>No event of such a job is known.</summary>
    Unknown,

    /// <summary>The job owns whatever exists under its id.</summary>
    Live,

    /// <summary>The job is over and its clone was removed.</summary>
    Gone,
}

/// <summary>What Cleanup may know of jobs. Implemented by Jobs.</summary>
public interface IJobDirectory
{
    /// <summary>Jobs whose deadline lies at or before <paramref name="now"/>, the earliest first. May name a job more than once over time.</summary>
    Task<IReadOnlyList<JobId>> DueAsync(DateTimeOffset now, int skip, int limit, CancellationToken cancellation);

    Task<JobPresence> PresenceAsync(JobId job, CancellationToken cancellation);

    /// <summary>When the job's clone has to be gone at the latest, as far as is known now; null if there is no such job. Cheap: no actor is woken.</summary>
    Task<DateTimeOffset?> DeadlineAsync(JobId job, CancellationToken cancellation);
}

/// <summary>What the back end lacks to work. Implemented by Provisioning, for a back end that can tell more than whether it answers.</summary>
public interface IBackendWatch
{
    /// <summary>In plain sentences, without secrets; null if it lacks nothing.</summary>
    Task<string?> LackAsync(CancellationToken cancellation);
}
