using StackExchange.Redis;

namespace CloneHub.Jobs.Journal;

/// <summary>
/// The names of all keys. The journal's two are those of Akka.Persistence.Redis (the same in 1.4.16 to 1.5.x), so that either plugin
/// reads what the other wrote; the store's own stand beside them under <c>jobs:</c>.
/// </summary>
internal sealed class RedisKeys(string prefix)
{
    /// <summary>Sorted set: score = sequence number, member = Akka's Persistent as protobuf.</summary>
    public RedisKey Events(string persistenceId) => $"{prefix}journal:persisted:{persistenceId}";

    /// <summary>String: the highest sequence number ever written; it outlives the events.</summary>
    public RedisKey Highest(string persistenceId) => $"{prefix}journal:persisted:{persistenceId}:highestSequenceNr";

    /// <summary>String that lapses: who founded the cluster of nodes.</summary>
    public RedisKey Cluster { get; } = prefix + "cluster";

    /// <summary>Sorted set: job id by time of acceptance.</summary>
    public RedisKey Live { get; } = prefix + "jobs:live";

    /// <summary>Sorted set: job id by deadline.</summary>
    public RedisKey Deadlines { get; } = prefix + "jobs:deadlines";

    /// <summary>Sorted set: jobs of one label that are not over, by time of acceptance. A customer id holds no colon, so two labels never share a key.</summary>
    public RedisKey Label(JobLabel label) => $"{prefix}jobs:label:{label.Tenant}:{label.CustomerId}";

    /// <summary>Hash: site to the restore that is at work there.</summary>
    public RedisKey Targets { get; } = prefix + "jobs:targets";

    /// <summary>Hash: site to the last restore that brought this clone's content there.</summary>
    public RedisKey Restored(string sourceJob) => $"{prefix}jobs:restored:{sourceJob}";

    /// <summary>Hash: job id to the last sequence number that the event log has.</summary>
    public RedisKey Archived { get; } = prefix + "jobs:archived";

    /// <summary>Hash: job id to the highest progress ever told.</summary>
    public RedisKey Progress { get; } = prefix + "jobs:progress";

    /// <summary>Hash: job id to its sealed secrets.</summary>
    public RedisKey Secrets { get; } = prefix + "jobs:secrets";
}
