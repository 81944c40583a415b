namespace CloneHub.Contracts;

/// <summary>How the queue stands, of no tenant and no job.</summary>
/// <param name="Waiting">Jobs that wait for a slot; those that wait for a ceiling are not among them.</param>
/// <param name="Building">Slots taken.</param>
/// <param name="Clones">Clones that exist, in whatever state.</param>
/// <param name="ClonesLimit">Clones that may exist at the same time; null if there is no such limit.</param>
public sealed record QueueReading(int Waiting, int Building, int Slots, int Clones, int? ClonesLimit);

/// <summary>The queue could not be read. Whoever sizes something by it leaves the size as it is, and says so.</summary>
public sealed class QueueUnreadableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Implemented by Jobs.</summary>
public interface IQueueGauge
{
    /// <exception cref="QueueUnreadableException">The queue is silent, or does not know every job yet. Never a number that is too small.</exception>
    Task<QueueReading> ReadAsync(CancellationToken cancellation);
}

/// <summary>Whether this node does what one node of the cluster does. Implemented by Cleanup.</summary>
public interface IClusterDuty
{
    bool IsHere { get; }
}

/// <summary>What keeps the warm pool from its size. Implemented by Provisioning.</summary>
public interface IPoolWatch
{
    /// <summary>In plain words; null if nothing does.</summary>
    string? Trouble { get; }
}
