using System.Globalization;
using CloneHub.Contracts;
using StackExchange.Redis;

namespace CloneHub.Chaos;

internal enum Deed
{
    Made,
    Removed,

    /// <summary>By the sweep, which found what no job wanted.</summary>
    Swept,
}

/// <summary>One line of the ledger.</summary>
internal sealed record LedgerEntry(string Job, CloneStep Step, int Attempt, long Fence, Deed Deed);

/// <summary>
/// The world that clones are made in, as a book: what exists of which clone, and by which start of which step it came about. It lies in
/// a Redis of its own that nobody breaks. Like every back end it refuses a start that was overtaken.
/// </summary>
/// <param name="act">How it is written in.</param>
internal sealed class Ledger(IDatabase redis, string act)
{
    private const string Fence =
        """
        if tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0') > tonumber(ARGV[4]) then return 0 end
        redis.call('HSET', KEYS[1], ARGV[1], ARGV[4])

        """;

    /// <summary>How a back end writes that refuses nobody.</summary>
    public const string WithoutFence =
        """
        if ARGV[5] == 'claim' then return 1 end
        if ARGV[5] == 'Made' then redis.call('HSETNX', KEYS[3], ARGV[2], ARGV[6])
        elseif redis.call('DEL', KEYS[3]) == 0 and ARGV[5] == 'Swept' then return 1 end
        redis.call('RPUSH', KEYS[2], table.concat({ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]}, ' '))
        return 1
        """;

    private const string Fences = "fences";
    private const string Entries = "entries";
    private const string Holding = "has:";

    public static Ledger Open(string connection, string act = Fence + WithoutFence) => new(ConnectionMultiplexer.Connect(connection).GetDatabase(), act);

    /// <returns>False if a newer start of a step of this job has been here.</returns>
    public Task<bool> ClaimAsync(StepToken token) => ActAsync(token, "claim", default);

    public Task<bool> MakeAsync(StepToken token, DateTimeOffset now) => ActAsync(token, nameof(Deed.Made), now);

    public Task<bool> RemoveAsync(StepToken token) => ActAsync(token, nameof(Deed.Removed), default);

    public Task<bool> SweepAsync(StepToken token) => ActAsync(token, nameof(Deed.Swept), default);

    public async Task<long> NewestFenceAsync(JobId job) => (long?)await redis.HashGetAsync(Fences, job.Value) ?? 0;

    /// <summary>What exists, by job.</summary>
    public async Task<IReadOnlyList<ExistingClone>> ExistingAsync()
    {
        var found = new List<ExistingClone>();
        await foreach (var key in redis.Multiplexer.GetServers()[0].KeysAsync(pattern: Holding + "*"))
        {
            var parts = await redis.HashGetAllAsync(key);
            if (parts.Length == 0) continue;
            var since = parts.Min(part => (long)part.Value);
            found.Add(new ExistingClone(JobId.Parse(key.ToString()[Holding.Length..]), [.. parts.Select(part => part.Name.ToString())], new DateTimeOffset(since, TimeSpan.Zero)));
        }

        return found;
    }

    public async Task<IReadOnlyList<LedgerEntry>> EntriesAsync() => [.. (await redis.ListRangeAsync(Entries)).Select(Read)];

    private async Task<bool> ActAsync(StepToken token, string verb, DateTimeOffset now) => (int)await redis.ScriptEvaluateAsync(
        act,
        [Fences, Entries, Holding + token.Job.Value],
        [token.Job.Value, token.Step.ToString(), token.Attempt, token.Fence, verb, now.UtcTicks]) == 1;

    private static LedgerEntry Read(RedisValue line)
    {
        var words = line.ToString().Split(' ');
        return new LedgerEntry(
            words[0], Enum.Parse<CloneStep>(words[1]), int.Parse(words[2], CultureInfo.InvariantCulture), long.Parse(words[3], CultureInfo.InvariantCulture), Enum.Parse<Deed>(words[4]));
    }
}
