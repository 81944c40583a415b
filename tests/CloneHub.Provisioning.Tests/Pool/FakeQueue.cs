using CloneHub.Contracts;

namespace CloneHub.Provisioning.Tests.Pool;

/// <summary>A queue that stands as a test says; null for one that cannot be read.</summary>
internal sealed class FakeQueue : IQueueGauge
{
    public QueueReading? Reading { get; set; } = new(Waiting: 0, Building: 0, Slots: 4, Clones: 0, ClonesLimit: null);

    public Task<QueueReading> ReadAsync(CancellationToken cancellation) =>
        Reading is { } reading ? Task.FromResult(reading) : throw new QueueUnreadableException("The queue is silent.");
}
