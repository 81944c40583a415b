using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Journal;
using StackExchange.Redis;

namespace CloneHub.Jobs.Journal;

/// <summary>
/// Akka.Persistence's journal in Redis, with the keys and bytes of Akka.Persistence.Redis, and two guarantees more: a batch is written
/// by one script that first compares the sequence number, so a second writer is refused instead of interleaved; and a lost connection
/// is a failure, never a rejection.
/// </summary>
internal sealed class RedisJournal : AsyncWriteJournal
{
    private const string Written = "OK";

    private const string Append =
        $"""
        local highest = redis.call('GET', KEYS[1]) or '0'
        if highest ~= ARGV[1] then return highest end
        for i = 3, #ARGV, 2 do redis.call('ZADD', KEYS[2], ARGV[i], ARGV[i + 1]) end
        redis.call('SET', KEYS[1], ARGV[2])
        return '{Written}'
        """;

    private readonly RedisJournalFormat _format = new(Context.System, TimeProvider.System);
    private readonly RedisKeys _keys;
    private readonly int _database;
    private readonly TimeSpan _pingTimeout;
    private readonly Task<IConnectionMultiplexer> _redis;
    private readonly bool _ownsConnection;

    public RedisJournal(Config config)
    {
        _keys = new RedisKeys(config.GetString("key-prefix", ""));
        _database = config.GetInt("database");
        _pingTimeout = config.GetTimeSpan("ping-timeout");
        var shared = Context.System.Settings.Setup.Get<RedisJournalSetup>();
        _ownsConnection = !shared.HasValue;
        _redis = shared.HasValue
            ? Task.FromResult(shared.Value.Connection)
            : RedisConnection.ConnectAsync(config.GetString("configuration-string"));
    }

    public override async Task<PersistenceHealthCheckResult> CheckHealthAsync(CancellationToken cancellationToken)
    {
        try
        {
            await PingAsync().WaitAsync(_pingTimeout, TimeProvider.System, cancellationToken);
            return new PersistenceHealthCheckResult(PersistenceHealthStatus.Healthy, "Redis answers.", null, null);
        }
        catch (Exception e) when (RedisTrouble.Is(e) && !cancellationToken.IsCancellationRequested)
        {
            return new PersistenceHealthCheckResult(PersistenceHealthStatus.Unhealthy, "Redis does not answer.", e, null);
        }
    }

    public override async Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr, CancellationToken cancellationToken) =>
        (long)await (await DatabaseAsync()).StringGetAsync(_keys.Highest(persistenceId));

    public override async Task ReplayMessagesAsync(
        IActorContext context, string persistenceId, long fromSequenceNr, long toSequenceNr, long max, Action<IPersistentRepresentation> recoveryCallback)
    {
        // To Redis a limit of 0 or less means no limit.
        if (max <= 0) return;
        var take = max == long.MaxValue ? -1 : max;
        var database = await DatabaseAsync();
        var events = await database.SortedSetRangeByScoreAsync(_keys.Events(persistenceId), fromSequenceNr, toSequenceNr, take: take);
        foreach (var bytes in events) recoveryCallback(_format.FromBytes(bytes!));
    }

    /// <summary>
    /// Serialises all batches on the actor's thread, then sends them without waiting in between: Redis takes them in this order and, with
    /// <c>appendfsync always</c>, makes many of them durable by one fsync.
    /// </summary>
    protected override async Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages, CancellationToken cancellationToken)
    {
        var batches = messages.Select(Serialize).ToList();
        var database = await DatabaseAsync();
        await Task.WhenAll(batches.Where(batch => batch.Rejection is null).Select(batch => WriteAsync(database, batch)).ToList());

        // Null says that nothing was rejected.
        return batches.TrueForAll(batch => batch.Rejection is null) ? null! : [.. batches.Select(batch => batch.Rejection!)];
    }

    protected override async Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr, CancellationToken cancellationToken) =>
        await (await DatabaseAsync()).SortedSetRemoveRangeByScoreAsync(_keys.Events(persistenceId), double.NegativeInfinity, toSequenceNr);

    protected override void PostStop()
    {
        if (_ownsConnection) _ = CloseAsync();
        base.PostStop();
    }

    private async Task CloseAsync() => await (await _redis).DisposeAsync();

    private async ValueTask<IDatabase> DatabaseAsync() => (await _redis).GetDatabase(_database);

    private async Task PingAsync() => await (await DatabaseAsync()).PingAsync();

    private Batch Serialize(AtomicWrite write)
    {
        var events = (IImmutableList<IPersistentRepresentation>)write.Payload;
        var arguments = new List<RedisValue>(2 + (2 * events.Count)) { write.LowestSequenceNr - 1, write.HighestSequenceNr };
        try
        {
            foreach (var @event in events)
            {
                arguments.Add(@event.SequenceNr);
                arguments.Add(_format.ToBytes(@event));
            }
        }
        catch (Exception e)
        {
            // Whatever a serializer throws is told to the writer: the journal's contract calls it a rejection.
            return new Batch(write, [], e);
        }

        return new Batch(write, [.. arguments], Rejection: null);
    }

    private async Task WriteAsync(IDatabase database, Batch batch)
    {
        var id = batch.Write.PersistenceId;
        var answer = (string?)await database.ScriptEvaluateAsync(Append, [_keys.Highest(id), _keys.Events(id)], batch.Arguments);
        if (answer != Written) throw new JournalFencedException(id, batch.Write.LowestSequenceNr, answer);
    }

    private sealed record Batch(AtomicWrite Write, RedisValue[] Arguments, Exception? Rejection);
}

/// <summary>Another writer has written to this persistence id since the refused one last read it.</summary>
internal sealed class JournalFencedException(string persistenceId, long sequenceNr, string? highest)
    : Exception($"FENCED: {persistenceId} cannot take number {sequenceNr}, because its highest is {highest}.");
