using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.GetJobStatus;
using CloneHub.Jobs.Journal;

namespace CloneHub.Jobs;

/// <summary>Looks up what a restore is to bring: the clone, its administrator, and the state of the site that what it has earned is measured against.</summary>
internal sealed class RestoreSources(JobStore store, JobReader reader, IJobHistory history, IJobVault vault) : IRestoreSources
{
    public async Task<(RestoreRequest? Request, Problem? Problem)> FindAsync(RestoreRequest request, CancellationToken cancellation)
    {
        if (request.SourceJob is { } job) return await OfJobAsync(request, job, cancellation);
        if (!JobId.TryParse(request.CloneUrl!.IdnHost.Split('.')[0], out var named) || await CloneAsync(named, request.Tenant, cancellation) is not { } clone) return Checked(request);
        if (Awaits(clone) is { } awaits) return (null, awaits);
        return Checked(request with { SourceJob = named, Base = await BaseAsync(named, clone, request, cancellation) });
    }

    private async Task<(RestoreRequest?, Problem?)> OfJobAsync(RestoreRequest request, JobId job, CancellationToken cancellation)
    {
        if (await CloneAsync(job, request.Tenant, cancellation) is not { } clone) return (null, GetJobStatusEndpoint.Unknown(job.Value));
        if (clone.Stage is not Stage.Serving || await vault.OpenAsync(job, cancellation) is not { } secrets) return (null, new Problem(ProblemKind.NotServing, $"Job {job} has no clone that serves now."));
        if (clone.Request!.Fidelity is CloneFidelity.Public)
            return (null, new Problem(ProblemKind.CloneNotWhole, $"The clone of job {job} holds only what its source publishes, so that more would be lost than is brought."));
        if (Awaits(clone) is { } awaits) return (null, awaits);
        return Checked(request with
        {
            CloneUrl = clone.CloneUrl,
            CloneUsername = clone.Username,
            ClonePassword = secrets.ClonePassword,
            Base = await BaseAsync(job, clone, request, cancellation),
        });
    }

    /// <summary>A place that is only held for a picture is none that the site is to have back.</summary>
    private static Problem? Awaits(CloneJob clone) =>
        clone switch
        {
            { MediaNow: true } => new Problem(ProblemKind.MediaAwaited, "The clone does not have all media of its source yet, so that what it brought would lack them."),
            { Awaits: not null, Media: null } => new Problem(ProblemKind.MediaAwaited, "Which media of its source the clone has could not be found out, so that what it brought might lack some. Request the clone again."),
            _ => null,
        };

    private static (RestoreRequest?, Problem?) Checked(RestoreRequest request) => request is { Base: null, DryRun: false, OnDrift: not OnDrift.Overwrite }
        ? (null, new Problem(ProblemKind.DriftUnknown, "CloneHub did not copy this site into this clone, so that it cannot tell what the site has earned since."))
        : (request, null);

    private async Task<CloneJob?> CloneAsync(JobId job, string tenant, CancellationToken cancellation) =>
        await reader.ReadAsync(job, seen: 0, cancellation) is { } known && known.Tenant == tenant ? (await reader.AskAsync(job, cancellation)).Job as CloneJob : null;

    /// <summary>
    /// As the last restore of this clone has left the site; tables that it did not touch, as they were when the site was copied. Null if nothing
    /// of the site is known.
    /// </summary>
    private async Task<IReadOnlyList<TableMark>?> BaseAsync(JobId job, CloneJob clone, RestoreRequest request, CancellationToken cancellation)
    {
        var site = JobLabel.TargetOf(request.TargetUrl);
        var left = await store.RestoredAsync(job.Value, site) is { } last ? (await history.ReadAsync(last, 1, cancellation)).OfType<Swapped>().LastOrDefault()?.Tables : null;
        var copied = JobLabel.TargetOf(clone.Request!.SourceUrl) == site
            ? (await history.ReadAsync(job, 1, cancellation)).OfType<ContentImported>().LastOrDefault()?.Proof?.Tables.Select(TableMark.Of) : null;
        return Together(left ?? [], copied?.ToList());
    }

    /// <summary>What a restore kept is measured against the copy still: nobody has looked at it since.</summary>
    internal static IReadOnlyList<TableMark>? Together(IReadOnlyList<TableMark> left, IReadOnlyList<TableMark>? copied) =>
        left.Count == 0 ? copied : [.. left, .. (copied ?? []).ExceptBy(left.Select(mark => mark.Name), mark => mark.Name, StringComparer.Ordinal)];
}
