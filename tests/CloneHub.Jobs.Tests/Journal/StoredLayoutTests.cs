using CloneHub.Jobs.Journal;
using Google.Protobuf;
using StackExchange.Redis;

namespace CloneHub.Jobs.Tests.Journal;

/// <summary>Keys and bytes of Akka.Persistence.Redis 1.5, so that its plugin could take over this Redis as it is.</summary>
[Collection(SharedRedis.Name)]
[Trait("Needs", "servers")]
public sealed class StoredLayoutTests(RedisServer redis) : JournalSpec(redis.NewOptions()), IAsyncLifetime
{
    /// <summary>Event 7 of "job-x" with the text "hello", as Akka 1.5.73 writes it: field 1 payload, 2 number, 3 id, 13 writer, 14 timestamp.</summary>
    private const string StoredBefore = "CgsIARIHImhlbGxvIhAHGgVqb2IteGoBd3CAgJjr1OfQ2hE=";

    private IConnectionMultiplexer _connection = null!;

    private IDatabase Database => _connection.GetDatabase();

    public async Task InitializeAsync() => _connection = await redis.ConnectAsync();

    public async Task DisposeAsync() => await _connection.DisposeAsync();

    [Fact]
    public async Task Keys_have_the_names_and_types_of_the_official_plugin()
    {
        Written(1, 2, "job-x");
        var keys = _connection.GetServers()[0].KeysAsync(pattern: Options.KeyPrefix + "*");
        var names = new SortedSet<string>(StringComparer.Ordinal);
        await foreach (var key in keys) names.Add(key.ToString()[Options.KeyPrefix.Length..]);
        Assert.Equal(["journal:persisted:job-x", "journal:persisted:job-x:highestSequenceNr"], names);
        Assert.Equal(RedisType.SortedSet, await Database.KeyTypeAsync(Options.KeyPrefix + "journal:persisted:job-x"));
        Assert.Equal("2", (string?)await Database.StringGetAsync(Options.KeyPrefix + "journal:persisted:job-x:highestSequenceNr"));
    }

    [Fact]
    public async Task A_member_is_Akkas_protobuf_with_the_number_as_its_score()
    {
        Written(1, 1, "job-x");
        var entry = (await Database.SortedSetRangeByRankWithScoresAsync(Options.KeyPrefix + "journal:persisted:job-x")).Single();
        Assert.Equal(1, entry.Score);

        var fields = new Dictionary<int, object>();
        var input = new CodedInputStream((byte[])entry.Element!);
        while (input.ReadTag() is not 0 and var tag)
        {
            fields[WireFormat.GetTagFieldNumber(tag)] = WireFormat.GetTagWireType(tag) == WireFormat.WireType.Varint ? input.ReadInt64() : input.ReadBytes();
        }

        Assert.Equal(1L, fields[2]);
        Assert.Equal("job-x", ((ByteString)fields[3]).ToStringUtf8());
        Assert.Contains("a-1", ((ByteString)fields[1]).ToStringUtf8(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_member_stored_before_is_read()
    {
        var bytes = Convert.FromBase64String(StoredBefore);
        await Database.SortedSetAddAsync(Options.KeyPrefix + "journal:persisted:job-x", bytes, 7);
        await Database.StringSetAsync(Options.KeyPrefix + "journal:persisted:job-x:highestSequenceNr", 7);
        var e = Replay(id: "job-x").Events.Single();
        Assert.Equal(("hello", 7L, "job-x", "w"), (e.Payload, e.SequenceNr, e.PersistenceId, e.WriterGuid));
        Assert.Equal(638_000_000_000_000_000, e.Timestamp);
        Written(8, 8, "job-x");
    }
}
