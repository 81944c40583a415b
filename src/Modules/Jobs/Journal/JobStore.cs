using System.Globalization;
using CloneHub.Contracts;
using CloneHub.Jobs.Vault;
using StackExchange.Redis;

namespace CloneHub.Jobs.Journal;

/// <summary>What is written when a job is accepted.</summary>
/// <param name="FirstEvent">Made by <see cref="RedisJournalFormat.FirstEvent"/>.</param>
/// <param name="Label">The tenant's own name of the clone, if it gave one.</param>
/// <param name="Holds">Of a restore: whether no other one may begin at its site until it lets go.</param>
internal sealed record Intake(
    JobId Job, byte[] FirstEvent, SealedSecrets Secrets, DateTimeOffset AcceptedAt, DateTimeOffset Deadline, JobLabel? Label = null, bool? Holds = null);

/// <summary>A tenant's own name of its clones, or the site that restores are for; several jobs may bear it.</summary>
internal sealed record JobLabel(string Tenant, string CustomerId)
{
    public static JobLabel? Of(IJobRequest request) => request switch
    {
        // Of nobody: a site may be restored by several tenants. No tenant has an empty name.
        RestoreRequested restore => new JobLabel("", TargetOf(restore.TargetUrl)),
        { CustomerId: { } id } => new JobLabel(request.Tenant, id),
        _ => null,
    };

    /// <summary>The same for every way in which a site may be addressed.</summary>
    public static string TargetOf(Uri site)
    {
        var host = site.IdnHost.ToLowerInvariant();
        var port = site.IsDefaultPort ? "" : string.Create(CultureInfo.InvariantCulture, $":{site.Port}");
        return (host.StartsWith("www.", StringComparison.Ordinal) ? host[4..] : host) + port + site.AbsolutePath.TrimEnd('/');
    }
}

internal enum IntakeResult
{
    Accepted,

    /// <summary>The job had events before, even if they are purged by now; nothing was changed.</summary>
    AlreadyKnown,

    /// <summary>A restore is at work at the site; nothing was changed.</summary>
    TargetTaken,
}

/// <summary>Where a page of live jobs ends and the next one begins.</summary>
internal readonly record struct LivePosition(double Score, string? Member)
{
    public static readonly LivePosition Start = new(double.NegativeInfinity, null);
}

internal sealed record LivePage(IReadOnlyList<JobId> Jobs, LivePosition Next);

/// <summary>
/// What Redis holds of jobs beside their events: which are live, when they are due, how far they are archived, how far they said they
/// were, and their sealed secrets. Each call is one round trip; what has to change together changes in one script.
/// </summary>
internal sealed partial class JobStore(IConnectionMultiplexer redis, RedisOptions options)
{
    private readonly RedisKeys _keys = new(options.KeyPrefix);

    private IDatabase Database => redis.GetDatabase(options.Database);

    /// <summary>Makes a job exist. Once this has answered, the job survives whatever crashes.</summary>
    public async Task<IntakeResult> AcceptAsync(Intake intake)
    {
        var persistenceId = PersistenceId.Of(intake.Job);
        var keys = WithLabel([_keys.Highest(persistenceId), _keys.Events(persistenceId), _keys.Live, _keys.Deadlines, _keys.Archived, _keys.Secrets], intake.Label);
        RedisValue[] values = [intake.Job.Value, intake.FirstEvent, Score(intake.AcceptedAt), Score(intake.Deadline), intake.Secrets.Blob];
        var accepted = intake is { Holds: { } holds, Label: { } site }
            ? await Database.ScriptEvaluateAsync(Scripts.Accept, [.. keys, _keys.Targets], [.. values, site.CustomerId, holds ? "1" : "0"])
            : await Database.ScriptEvaluateAsync(Scripts.Accept, keys, values);
        return (int)accepted switch
        {
            1 => IntakeResult.Accepted,
            2 => IntakeResult.TargetTaken,
            _ => IntakeResult.AlreadyKnown,
        };
    }

    /// <summary>True if the job was ever accepted; purged jobs included.</summary>
    public Task<bool> IsKnownAsync(JobId job) => Database.KeyExistsAsync(_keys.Highest(PersistenceId.Of(job)));

    /// <summary>Events that the job has ever had in the journal; 0 if Redis does not know it.</summary>
    public async Task<long> HighestAsync(JobId job) => (long)await Database.StringGetAsync(_keys.Highest(PersistenceId.Of(job)));

    /// <summary>The job's stored events from number <paramref name="from"/> on, as <see cref="RedisJournalFormat"/> reads them; none once they are purged.</summary>
    public async Task<IReadOnlyList<byte[]>> EventsAsync(JobId job, long from) =>
        [.. (await Database.SortedSetRangeByScoreAsync(_keys.Events(PersistenceId.Of(job)), from)).Select(e => (byte[])e!)];

    /// <summary>The next live jobs after <paramref name="from"/>, the oldest first. An empty page is the end.</summary>
    public async Task<LivePage> LiveAsync(LivePosition from, int limit)
    {
        // Jobs of the same millisecond share a score, so a page starts after a member. If that one was removed meanwhile, it starts
        // at its score again: a job seen twice is harmless, a job passed over is not.
        var rank = from.Member is null ? null : await Database.SortedSetRankAsync(_keys.Live, from.Member);
        var entries = rank is { } last
            ? await Database.SortedSetRangeByRankWithScoresAsync(_keys.Live, last + 1, last + limit)
            : await Database.SortedSetRangeByScoreWithScoresAsync(_keys.Live, from.Score, take: limit);
        return new LivePage(
            [.. entries.Select(entry => JobId.Parse(entry.Element.ToString()))],
            entries.Length == 0 ? from : new LivePosition(entries[^1].Score, entries[^1].Element.ToString()));
    }

    public async Task<bool> IsLiveAsync(JobId job) => await Database.SortedSetScoreAsync(_keys.Live, job.Value) is not null;

    /// <summary>Puts a job back that was found in the event log only, because Redis was restored from a backup or lost.</summary>
    public async Task AddLiveAsync(JobId job, DateTimeOffset acceptedAt, JobLabel? label = null)
    {
        if (label is not null) await Database.SortedSetAddAsync(_keys.Label(label), job.Value, Score(acceptedAt));
        await Database.SortedSetAddAsync(_keys.Live, job.Value, Score(acceptedAt));
    }

    /// <summary>Takes a job that is over out of the index, so that nothing wakes it any more.</summary>
    public async Task RemoveLiveAsync(JobId job, JobLabel? label = null)
    {
        if (label is not null) await Database.SortedSetRemoveAsync(_keys.Label(label), job.Value);
        await Database.SortedSetRemoveAsync(_keys.Live, job.Value);
    }

    /// <summary>Jobs of the label that are not over, accepted before and after this one, in that order. Of the same millisecond the id decides.</summary>
    public async Task<(IReadOnlyList<JobId> Earlier, IReadOnlyList<JobId> Later)> AroundAsync(JobLabel label, JobId job, DateTimeOffset acceptedAt)
    {
        var own = Score(acceptedAt);
        var all = await Database.SortedSetRangeByRankWithScoresAsync(_keys.Label(label));
        return (Where(order => order < 0), Where(order => order > 0));

        IReadOnlyList<JobId> Where(Predicate<int> lies) => [.. all.Where(entry => lies(OrderOf(entry))).Select(entry => JobId.Parse(entry.Element.ToString()))];

        int OrderOf(SortedSetEntry entry) =>
            entry.Score.CompareTo(own) is var order and not 0 ? order : string.CompareOrdinal(entry.Element.ToString(), job.Value);
    }

    public Task SetDeadlineAsync(JobId job, DateTimeOffset deadline) => Database.SortedSetAddAsync(_keys.Deadlines, job.Value, Score(deadline));

    /// <summary>Null if none is set.</summary>
    public async Task<DateTimeOffset?> DeadlineAsync(JobId job) =>
        await Database.SortedSetScoreAsync(_keys.Deadlines, job.Value) is { } score ? DateTimeOffset.FromUnixTimeMilliseconds((long)score) : null;

    public Task RemoveDeadlineAsync(JobId job) => Database.SortedSetRemoveAsync(_keys.Deadlines, job.Value);

    /// <summary>Jobs whose deadline lies at or before <paramref name="now"/>, the earliest first. They stay due until their deadline is set or removed.</summary>
    public async Task<IReadOnlyList<JobId>> DueAsync(DateTimeOffset now, int limit, int skip = 0)
    {
        var due = await Database.SortedSetRangeByScoreAsync(_keys.Deadlines, double.NegativeInfinity, Score(now), skip: skip, take: limit);
        return [.. due.Select(job => JobId.Parse(job.ToString()))];
    }

    /// <summary>The last sequence number that the event log is known to have; 0 for none.</summary>
    public async Task<long> ArchivedAsync(JobId job) => (long)await Database.HashGetAsync(_keys.Archived, job.Value);

    /// <summary>Never lowers the number: a late answer of an earlier batch changes nothing, and none brings back a forgotten job.</summary>
    public Task SetArchivedAsync(JobId job, long sequenceNr) =>
        Database.ScriptEvaluateAsync(Scripts.RaiseKnown, [_keys.Archived, _keys.Live], [job.Value, sequenceNr]);

    public async Task<int> ProgressAsync(JobId job) => (int)await Database.HashGetAsync(_keys.Progress, job.Value);

    public async Task<IReadOnlyList<int>> ProgressAsync(IReadOnlyList<JobId> jobs) =>
        [.. (await Database.HashGetAsync(_keys.Progress, [.. jobs.Select(job => (RedisValue)job.Value)])).Select(percent => (int)percent)];

    /// <summary>Answers the highest progress told so far, which is what the caller should tell too.</summary>
    public async Task<int> RaiseProgressAsync(JobId job, int percent) =>
        (int)await Database.ScriptEvaluateAsync(Scripts.Raise, [_keys.Progress], [job.Value, percent]);

    public async Task<SealedSecrets?> SecretsAsync(JobId job)
    {
        var blob = await Database.HashGetAsync(_keys.Secrets, job.Value);
        return blob.IsNull ? null : new SealedSecrets((byte[])blob!);
    }

    /// <summary>Answers false, and changes nothing, if they are not (any more) what the caller has read.</summary>
    public async Task<bool> ReplaceSecretsAsync(JobId job, SealedSecrets read, SealedSecrets replacement) =>
        (bool)await Database.ScriptEvaluateAsync(Scripts.Exchange, [_keys.Secrets], [job.Value, read.Blob, replacement.Blob]);

    public Task DeleteSecretsAsync(JobId job) => Database.HashDeleteAsync(_keys.Secrets, job.Value);

    /// <summary>Removes all of this after a job's purge. The journal's highest sequence number stays, so the id is never given twice.</summary>
    public Task ForgetAsync(JobId job, JobLabel? label = null) => Database.ScriptEvaluateAsync(
        Scripts.Forget, WithLabel([_keys.Live, _keys.Deadlines, _keys.Archived, _keys.Progress, _keys.Secrets], label), [job.Value]);

    private RedisKey[] WithLabel(RedisKey[] keys, JobLabel? label) => label is null ? keys : [.. keys, _keys.Label(label)];

    private static double Score(DateTimeOffset time) => time.ToUnixTimeMilliseconds();
}
