using Akka.Actor;
using Akka.Persistence;
using Akka.Persistence.Serialization;
using CloneHub.Contracts;

namespace CloneHub.Jobs.Journal;

/// <summary>
/// The bytes of one stored event: Akka's own protobuf envelope around the payload, which the system's serializers write under its
/// manifest. Used by the journal and by whoever writes a job's first event before the job's actor exists.
/// </summary>
internal sealed class RedisJournalFormat(ActorSystem system, TimeProvider clock)
{
    // Not looked up: the binding of this serializer exists only once the persistence extension runs, and before that Akka would write JSON.
    private readonly PersistenceMessageSerializer _envelope = new((ExtendedActorSystem)system);
    private readonly string _writer = Guid.NewGuid().ToString();

    public byte[] ToBytes(IPersistentRepresentation @event) => _envelope.ToBinary(@event.WithTimestamp(clock.GetUtcNow().UtcTicks));

    public IPersistentRepresentation FromBytes(byte[] bytes) => _envelope.FromBinary<IPersistentRepresentation>(bytes);

    /// <summary>A job's event number 1, as its actor would have written it.</summary>
    public byte[] FirstEvent(JobId job, object payload) =>
        ToBytes(new Persistent(payload, 1, PersistenceId.Of(job), manifest: "", isDeleted: false, ActorRefs.NoSender, _writer));
}
