using CloneHub.Contracts;
using StackExchange.Redis;

namespace CloneHub.Jobs.Journal;

/// <summary>Which restore is at work at which site. Decided here, once for all nodes; a site is named as by <see cref="JobLabel.TargetOf"/>.</summary>
internal sealed partial class JobStore
{
    /// <summary>The longest that a site's last restore is remembered: longer than any clone lives.</summary>
    private static readonly TimeSpan RememberRestored = TimeSpan.FromDays(120);

    /// <summary>Whose the site is now: this job's, unless it was another one's.</summary>
    public async Task<JobId> TakeTargetAsync(string site, JobId job) =>
        JobId.Parse((string)(await Database.ScriptEvaluateAsync(Scripts.Take, [_keys.Targets], [site, job.Value]))!);

    /// <summary>Nothing changes if the site is another one's.</summary>
    public Task ReleaseTargetAsync(string site, JobId job) => Database.ScriptEvaluateAsync(Scripts.Release, [_keys.Targets], [site, job.Value]);

    /// <summary>Null if none is at work there.</summary>
    public async Task<JobId?> HolderOfTargetAsync(string site) =>
        await Database.HashGetAsync(_keys.Targets, site) is { IsNull: false } job ? JobId.Parse(job.ToString()) : null;

    /// <summary>The last restore that brought the clone's content to the site and was not undone; null if none is known.</summary>
    public async Task<JobId?> RestoredAsync(string sourceJob, string site) =>
        await Database.HashGetAsync(_keys.Restored(sourceJob), site) is { IsNull: false } job ? JobId.Parse(job.ToString()) : null;

    public async Task SetRestoredAsync(string sourceJob, string site, JobId job)
    {
        await Database.HashSetAsync(_keys.Restored(sourceJob), site, job.Value);
        await Database.KeyExpireAsync(_keys.Restored(sourceJob), RememberRestored);
    }

    public Task ForgetRestoredAsync(string sourceJob, string site, JobId job) =>
        Database.ScriptEvaluateAsync(Scripts.Release, [_keys.Restored(sourceJob)], [site, job.Value]);
}
