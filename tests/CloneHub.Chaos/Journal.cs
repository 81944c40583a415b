using System.Text.Json;
using StackExchange.Redis;

namespace CloneHub.Chaos;

/// <summary>What the journal in Redis holds of a job.</summary>
/// <param name="Highest">Number of the event that was written last.</param>
/// <param name="Events">Those that it has still: what is over for long it forgets.</param>
internal sealed record JournalOfJob(long Highest, IReadOnlyList<StoredEvent> Events);

/// <summary>Reads the journal without any code of the product: a reader that is wrong in the same way as the writer would notice nothing.</summary>
internal static class Journal
{
    private const string Before = "clonehub:journal:persisted:clone-";
    private const string After = ":highestSequenceNr";
    private const int IdLength = 16;

    public static async Task<IReadOnlyDictionary<string, JournalOfJob>> ReadAsync(string redis)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(redis);
        var database = connection.GetDatabase();
        var found = new Dictionary<string, JournalOfJob>();
        await foreach (var key in connection.GetServers()[0].KeysAsync(pattern: $"{Before}*{After}"))
        {
            var events = await database.SortedSetRangeByRankWithScoresAsync(key.ToString()[..^After.Length]);
            found[key.ToString()[Before.Length..^After.Length]] =
                new JournalOfJob((long)await database.StringGetAsync(key), [.. events.Select(entry => Parse((long)entry.Score, (byte[])entry.Element!))]);
        }

        return found;
    }

    /// <summary>Akka's envelope holds the payload as it is: 16 bytes of event id, then the event as JSON; the name stands elsewhere in it.</summary>
    private static StoredEvent Parse(long version, byte[] envelope)
    {
        for (var at = IdLength; at < envelope.Length; at++)
        {
            if (!envelope.AsSpan(at).StartsWith("{\""u8) || ReadJson(envelope.AsSpan(at)) is not { } body) continue;
            return new StoredEvent(version, "", body) { Id = new Guid(envelope.AsSpan(at - IdLength, IdLength), bigEndian: true) };
        }

        throw new InvalidDataException($"Event {version} in the journal holds no JSON.");
    }

    /// <returns>Null where an id happens to look like the beginning of an object.</returns>
    private static JsonElement? ReadJson(ReadOnlySpan<byte> bytes)
    {
        var json = new Utf8JsonReader(bytes);
        try
        {
            return JsonElement.ParseValue(ref json);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
