using System.Globalization;
using CloneHub.Contracts;
using StackExchange.Redis;

namespace CloneHub.Jobs.Journal;

/// <summary>How much Redis has to carry.</summary>
/// <param name="UnarchivedEvents">Events of live jobs that the event log does not have yet.</param>
/// <param name="MemoryRatio">Used memory, of <c>maxmemory</c> where it is set and of the machine's memory otherwise; 0 if Redis does not tell.</param>
internal sealed record RedisLoad(long LiveJobs, long UnarchivedEvents, double MemoryRatio);

internal sealed partial class JobStore
{
    private const int LoadPage = 1000;

    /// <summary>
    /// Counts in pages, so that Redis is never held up: some milliseconds for every thousand live jobs. For a look every few seconds, not for every request.
    /// </summary>
    public async Task<RedisLoad> MeasureLoadAsync()
    {
        var (live, unarchived) = (0L, 0L);
        for (var page = await LiveAsync(LivePosition.Start, LoadPage); page.Jobs.Count > 0; page = await LiveAsync(page.Next, LoadPage))
        {
            live += page.Jobs.Count;
            unarchived += await UnarchivedAsync(page.Jobs);
        }

        return new RedisLoad(live, unarchived, await MemoryRatioAsync());
    }

    /// <summary>One round trip.</summary>
    public Task<TimeSpan> PingAsync() => Database.PingAsync();

    private async Task<long> UnarchivedAsync(IReadOnlyList<JobId> jobs)
    {
        var highest = Database.StringGetAsync([.. jobs.Select(job => _keys.Highest(PersistenceId.Of(job)))]);
        var archived = Database.HashGetAsync(_keys.Archived, [.. jobs.Select(job => (RedisValue)job.Value)]);
        return (await highest).Zip(await archived, (all, done) => Math.Max(0, (long)all - (long)done)).Sum();
    }

    private async Task<double> MemoryRatioAsync()
    {
        var info = (await Database.ExecuteAsync("INFO", "memory")).ToString();
        var values = info.Split('\n').Select(line => line.Trim().Split(':', 2)).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1]);
        var limit = Number("maxmemory") is > 0 and var set ? set : Number("total_system_memory");
        return limit > 0 ? Number("used_memory") / limit : 0;

        double Number(string name) =>
            values.TryGetValue(name, out var text) && double.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value : 0;
    }
}
