using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.Archive;
using CloneHub.Jobs.GetJobStatus;
using CloneHub.Jobs.Journal;
using Marten;
using Microsoft.Extensions.Logging;

namespace CloneHub.Jobs.ListJobs;

/// <summary>
/// Pages of a tenant's jobs, from the projection and, for those it does not hold yet, from <see cref="NewJobs"/>. A page goes on behind a
/// job, not behind a number of jobs, so that those accepted meanwhile shift nothing.
/// </summary>
internal sealed partial class JobList(IDocumentStore documents, JobStore store, NewJobs newJobs, TimeProvider clock, ILogger<JobList> logger) : IJobList
{
    private readonly ReadPatience _patience = new(TimeSpan.FromSeconds(5), clock);

    public async Task<JobPage> ListAsync(JobFilter filter, CancellationToken cancellation)
    {
        try
        {
            var jobs = await _patience.AskAsync(() => FirstAsync(filter), cancellation);
            var page = await WithToldProgressAsync([.. jobs.Take(filter.Limit)]);
            return new JobPage(page, jobs.Count > filter.Limit ? JobCursor.Behind(page[^1]) : null);
        }
        catch (Exception e) when (PostgreSqlTrouble.Is(e))
        {
            throw new UnavailableException(UnavailableException.Store, "The event log, which lists are read from, does not answer.", e);
        }
    }

    /// <summary>One more than the page takes, if there is one.</summary>
    private async Task<IReadOnlyList<JobSnapshot>> FirstAsync(JobFilter filter)
    {
        var fresh = await FreshAsync(filter);
        return [.. (await HeldAsync(filter)).Concat(fresh).DistinctBy(job => job.Job).OrderDescending(JobCursor.Order).Take(filter.Limit + 1)];
    }

    private async Task<IReadOnlyList<JobSnapshot>> FreshAsync(JobFilter filter)
    {
        var fresh = await newJobs.OfAllNodesAsync(filter.Tenant);
        if (fresh.Count == 0) return [];
        var ids = fresh.Select(job => job.Job.Value).ToArray();
        await using var session = documents.QuerySession();
        var held = (await session.Query<JobStatusView>().Where(v => v.Id.IsOneOf(ids)).Select(v => v.Id).ToListAsync()).Select(JobId.Parse).ToHashSet();
        newJobs.Forget(held);
        return [.. fresh.Where(job => !held.Contains(job.Job) && filter.Matches(job))];
    }

    private async Task<IReadOnlyList<JobSnapshot>> HeldAsync(JobFilter filter)
    {
        var (where, values) = ("where d.tenant = ?", new List<object> { filter.Tenant });
        if (filter.Status is { } status) Add("d.status = ?", JobStatusView.NameOf(status));
        if (filter.CustomerId is { } customer) Add("d.customer_id = ?", customer);
        if (filter.Type is { } type) where += type == "restore" ? " and jsonb_exists(d.data -> 'job', 'restore')" : " and not jsonb_exists(d.data -> 'job', 'restore')";
        if (filter.After is { } after) Add("(d.created_at, d.id) < (?, ?)", after.CreatedAt, after.Job.Value);
        values.Add(filter.Limit + 1);
        await using var session = documents.QuerySession();
        var views = await session.QueryAsync<JobStatusView>($"{where} order by d.created_at desc, d.id desc limit ?", [.. values]);
        return [.. views.Select(view => JobSnapshots.Of(JobId.Parse(view.Id), view.Job, view.Version))];

        void Add(string condition, params object[] with)
        {
            where += $" and {condition}";
            values.AddRange(with);
        }
    }

    private async Task<IReadOnlyList<JobSnapshot>> WithToldProgressAsync(IReadOnlyList<JobSnapshot> jobs)
    {
        try
        {
            var told = await store.ProgressAsync([.. jobs.Select(job => job.Job)]);
            return [.. jobs.Zip(told, (job, percent) => job with { Progress = Math.Max(job.Progress, percent) })];
        }
        catch (Exception e) when (RedisTrouble.Is(e))
        {
            LogProgressSilent(logger, e);
            return jobs;
        }
    }

    [LoggerMessage(1034, LogLevel.Warning, "Redis does not answer; the progress told in a list may be lower than before.")]
    private static partial void LogProgressSilent(ILogger logger, Exception error);
}
