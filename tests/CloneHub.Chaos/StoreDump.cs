using System.IO.Compression;
using System.Text;
using System.Text.Json;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;
using Npgsql;
using StackExchange.Redis;

namespace CloneHub.Chaos;

/// <summary>
/// All that both stores hold, as files: Redis as one key a line in JSON, PostgreSQL as the SQL of pg_dump. Both are of plain text before they are packed, and
/// bound to no version of either store.
/// </summary>
internal static class StoreDump
{
    private const string RedisFile = "redis.jsonl.gz";
    private const string PostgreSqlFile = "postgresql.sql.gz";

    public static async Task SaveAsync(PrivateServers servers, DirectoryInfo folder, CancellationToken ct)
    {
        await using (var connection = await ConnectionMultiplexer.ConnectAsync(servers.RedisConnectionString))
        {
            var lines = new SortedSet<string>(StringComparer.Ordinal);
            await foreach (var key in connection.GetServers()[0].KeysAsync().WithCancellation(ct)) lines.Add(JsonSerializer.Serialize(await ReadAsync(connection.GetDatabase(), key!)));
            await PackAsync(folder, RedisFile, string.Concat(lines.Select(line => line + '\n')), ct);
        }

        var sql = await PostgreSqlAsync(servers, "pg_dump", ["--no-owner", "--no-privileges", "--inserts", "--rows-per-insert=50", "--schema=clonehub"], ct);

        // Orders to psql of a later version than that which reads it.
        await PackAsync(folder, PostgreSqlFile, string.Join('\n', sql.Split('\n').Where(line => !line.StartsWith('\\'))), ct);
    }

    public static async Task LoadAsync(DirectoryInfo folder, PrivateServers servers, CancellationToken ct)
    {
        await using (var connection = await ConnectionMultiplexer.ConnectAsync(servers.RedisConnectionString))
        {
            foreach (var line in (await UnpackAsync(folder, RedisFile, ct)).Split('\n', StringSplitOptions.RemoveEmptyEntries))
                await WriteAsync(connection.GetDatabase(), JsonSerializer.Deserialize<StoredKey>(line)!);
        }

        var file = Path.Combine(servers.State.FullName, "dump.sql");
        await File.WriteAllTextAsync(file, await UnpackAsync(folder, PostgreSqlFile, ct), ct);
        await PostgreSqlAsync(servers, "psql", ["-Xq", "-v", "ON_ERROR_STOP=1", "-f", file], ct);
    }

    private static async Task<StoredKey> ReadAsync(IDatabase database, string key)
    {
        var type = await database.KeyTypeAsync(key);
        return new StoredKey(key, type, type switch
        {
            RedisType.String => [new Entry("", (byte[])(await database.StringGetAsync(key))!)],
            RedisType.Hash => [.. (await database.HashGetAllAsync(key)).OrderBy(entry => entry.Name).Select(entry => new Entry(entry.Name!, (byte[])entry.Value!))],
            RedisType.SortedSet => [.. (await database.SortedSetRangeByRankWithScoresAsync(key)).Select(entry => new Entry(entry.Score.ToString("R", Invariant), (byte[])entry.Element!))],
            _ => throw new NotSupportedException($"{key} is a {type}."),
        });
    }

    private static Task WriteAsync(IDatabase database, StoredKey key) => key.Type switch
    {
        RedisType.String => database.StringSetAsync(key.Key, key.Entries[0].Value),
        RedisType.Hash => database.HashSetAsync(key.Key, [.. key.Entries.Select(entry => new HashEntry(entry.Name, entry.Value))]),
        _ => database.SortedSetAddAsync(key.Key, [.. key.Entries.Select(entry => new SortedSetEntry(entry.Value, double.Parse(entry.Name, Invariant)))]),
    };

    private static Task<string> PostgreSqlAsync(PrivateServers servers, string program, string[] arguments, CancellationToken ct)
    {
        var to = new NpgsqlConnectionStringBuilder(servers.PostgreSqlConnectionString);
        string[] where = ["-h", to.Host!, "-p", to.Port.ToString(Invariant), "-U", to.Username!, "-d", to.Database!];
        return Command.RunAsync(program, [.. where, .. arguments], new CommandSettings { Environment = new Dictionary<string, string> { ["PGPASSWORD"] = to.Password! } }, ct);
    }

    private static async Task PackAsync(DirectoryInfo folder, string name, string text, CancellationToken ct)
    {
        await using var file = File.Create(Path.Combine(folder.FullName, name));
        await using var packed = new GZipStream(file, CompressionLevel.SmallestSize);
        await packed.WriteAsync(Encoding.UTF8.GetBytes(text), ct);
    }

    private static async Task<string> UnpackAsync(DirectoryInfo folder, string name, CancellationToken ct)
    {
        await using var file = File.OpenRead(Path.Combine(folder.FullName, name));
        await using var packed = new GZipStream(file, CompressionMode.Decompress);
        using var reader = new StreamReader(packed, Encoding.UTF8);
        return await reader.ReadToEndAsync(ct);
    }

    private static System.Globalization.CultureInfo Invariant => System.Globalization.CultureInfo.InvariantCulture;

    private sealed record StoredKey(string Key, RedisType Type, IReadOnlyList<Entry> Entries);

    /// <param name="Name">Field of a hash, score of a sorted set.</param>
    private sealed record Entry(string Name, byte[] Value);
}
