namespace CloneHub.Jobs.Journal;

/// <summary>How far CloneHub itself makes sure that Redis keeps what it has acknowledged.</summary>
internal enum RedisDurabilityMode
{
    /// <summary>Redis is asked, and the node is not ready while the answer is wrong.</summary>
    Verify,

    /// <summary>A managed service that hides CONFIG; its operator vouches that an acknowledged write survives.</summary>
    Managed,
}

/// <summary>The Redis that holds the live jobs. Section <c>CloneHub:Redis</c>.</summary>
internal sealed class RedisOptions
{
    public const string Section = "CloneHub:Redis";

    public string ConnectionString { get; set; } = "localhost:6379";

    /// <summary>-1 is the one that the connection string names, or 0.</summary>
    public int Database { get; set; } = -1;

    /// <summary>
    /// Starts every key. With a hash tag (<c>{clonehub}:</c>) all keys share one slot, which the scripts need on a service in cluster mode.
    /// </summary>
    public string KeyPrefix { get; set; } = "clonehub:";

    public RedisDurabilityMode Durability { get; set; } = RedisDurabilityMode.Verify;
}
