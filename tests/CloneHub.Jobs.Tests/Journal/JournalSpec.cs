using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using CloneHub.Jobs.Journal;

namespace CloneHub.Jobs.Tests.Journal;

/// <summary>Speaks with the journal as a persistent actor does.</summary>
public abstract class JournalSpec : TestKit
{
    protected const string Id = "p-1";

    private readonly string _writer = Guid.NewGuid().ToString();

    internal JournalSpec(RedisOptions options)
        : base(ConfigOf(options)) => Options = options;

    internal RedisOptions Options { get; }

    protected IActorRef Journal => JournalOf(Sys);

    internal static Config ConfigOf(RedisOptions options) => ConfigurationFactory
        .ParseString(
            $$"""
            akka.loglevel = OFF
            akka.persistence.journal.redis.ping-timeout = 300ms
            akka.actor.serializers.clone-event = "{{typeof(EventSerializer).AssemblyQualifiedName}}"
            akka.actor.serialization-bindings { "{{typeof(RecordedEvent).AssemblyQualifiedName}}" = clone-event }
            """)
        .WithFallback(new RedisJournalOptions
        {
            ConfigurationString = options.ConnectionString,
            KeyPrefix = options.KeyPrefix,
            Database = options.Database,
        }.ToConfig())
        .WithFallback(RedisJournalOptions.Defaults);

    protected static IActorRef JournalOf(ActorSystem system) => Persistence.Instance.Apply(system).JournalFor("akka.persistence.journal.redis");

    /// <summary>Events "a-from" to "a-to", in one batch if they are to be atomic, otherwise in one batch each.</summary>
    protected TestProbe Write(long from, long to, string id = Id, bool atomic = true, Func<long, object>? payload = null)
    {
        var probe = CreateTestProbe();
        payload ??= number => $"a-{number}";
        var events = Numbers(from, to)
            .Select(number => (IPersistentRepresentation)new Persistent(payload(number), number, id, "", false, probe.Ref, _writer))
            .ToImmutableList();
        IPersistentEnvelope[] batches = atomic ? [new AtomicWrite(events)] : [.. events.Select(e => new AtomicWrite(e))];
        Journal.Tell(new WriteMessages(batches, probe.Ref, 1));
        return probe;
    }

    protected void Written(long from, long to, string id = Id, bool atomic = true, Func<long, object>? payload = null)
    {
        var probe = Write(from, to, id, atomic, payload);
        probe.ExpectMsg<WriteMessagesSuccessful>();
        foreach (var number in Numbers(from, to)) Assert.Equal(number, probe.ExpectMsg<WriteMessageSuccess>().Persistent.SequenceNr);
    }

    /// <summary>A failure, which stops the writer; not a rejection, after which it would go on.</summary>
    protected static Exception Failed(TestProbe probe)
    {
        probe.ExpectMsg<WriteMessagesFailed>(TimeSpan.FromSeconds(10));
        return probe.ExpectMsg<WriteMessageFailure>().Cause;
    }

    protected IReadOnlyList<long> Replayed(long from = 1, long to = long.MaxValue, long max = long.MaxValue, string id = Id) =>
        [.. Replay(from, to, max, id).Events.Select(e => e.SequenceNr)];

    protected (IReadOnlyList<IPersistentRepresentation> Events, long Highest) Replay(
        long from = 1, long to = long.MaxValue, long max = long.MaxValue, string id = Id, ActorSystem? system = null)
    {
        var probe = CreateTestProbe(system ?? Sys);
        JournalOf(system ?? Sys).Tell(new ReplayMessages(from, to, max, id, probe.Ref));
        var events = new List<IPersistentRepresentation>();
        while (true)
        {
            switch (probe.ReceiveOne(TimeSpan.FromSeconds(10)))
            {
                case ReplayedMessage replayed:
                    events.Add(replayed.Persistent);
                    break;
                case RecoverySuccess done:
                    return (events, done.HighestSequenceNr);
                case var other:
                    throw new InvalidOperationException($"A replay of {id} was answered by {other ?? "nothing"}.");
            }
        }
    }

    protected void Delete(long to, string id = Id)
    {
        var probe = CreateTestProbe();
        Journal.Tell(new DeleteMessagesTo(id, to, probe.Ref));
        probe.ExpectMsg<DeleteMessagesSuccess>();
    }

    protected static IEnumerable<long> Numbers(long from, long to) => Enumerable.Range((int)from, (int)(to - from + 1)).Select(number => (long)number);
}
