using System.Text.Json;
using Npgsql;

namespace CloneHub.Chaos;

/// <summary>One event of a job as the event log has it.</summary>
internal sealed record StoredEvent(long Version, string Name, JsonElement Body)
{
    /// <summary>The same in both logs.</summary>
    public Guid Id { get; init; }

    public DateTimeOffset At => Body.GetProperty("at").GetDateTimeOffset();
}

/// <summary>What the event log tells of each job.</summary>
internal static class History
{
    private static readonly string[] Ends = ["removed.v1", "cancelled.v1"];

    /// <summary>Streams of jobs only: Marten keeps the places of broken appends in a stream of its own.</summary>
    public static async Task<IReadOnlyDictionary<string, IReadOnlyList<StoredEvent>>> ReadAsync(string postgreSql)
    {
        await using var database = NpgsqlDataSource.Create(postgreSql);
        await using var command = database.CreateCommand("select stream_id, version, type, data::text, id from clonehub.mt_events where stream_id like 'job-%' order by stream_id, version");
        await using var reader = await command.ExecuteReaderAsync();
        var jobs = new Dictionary<string, IReadOnlyList<StoredEvent>>();
        while (await reader.ReadAsync())
        {
            var events = (List<StoredEvent>)(jobs.TryGetValue(reader.GetString(0), out var known) ? known : jobs[reader.GetString(0)] = new List<StoredEvent>());
            events.Add(new StoredEvent(reader.GetInt64(1), reader.GetString(2), JsonElement.Parse(reader.GetString(3))) { Id = reader.GetGuid(4) });
        }

        return jobs;
    }

    public static bool IsOver(IReadOnlyList<StoredEvent> events) => events.Any(e => Ends.Contains(e.Name));

    public static IEnumerable<StoredEvent> Named(this IEnumerable<StoredEvent> events, string name) => events.Where(e => e.Name == name);
}
