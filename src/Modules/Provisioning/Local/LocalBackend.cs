using CloneHub.Contracts;
using CloneHub.Provisioning.Database;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Provisioning.WordPress.PublicSite;
using Microsoft.Extensions.Options;

namespace CloneHub.Provisioning.Local;

/// <summary>Clones on this machine: a database, a folder and a php-fpm each, one nginx for all.</summary>
internal sealed class LocalBackend(
    IOptions<LocalOptions> options, LocalLayout layout, CloneFence fence, CloneDatabase database, CloneTree tree, PhpFpm php, Nginx nginx,
    CloneRoutes routes, NginxClient client, TimeProvider clock) : ICloneBackend
{
    public async Task EnsureDatabaseAsync(StepToken token, CloneOrder order, JobSecrets secrets, CancellationToken cancellation)
    {
        await fence.ClaimAsync(token, cancellation);
        await database.EnsureAsync(token.Job, secrets.DatabasePassword, cancellation);
    }

    public async Task EnsurePodAsync(
        StepToken token, CloneOrder order, JobSecrets secrets, IProgress<ContentProgress>? progress, CancellationToken cancellation)
    {
        await fence.ClaimAsync(token, cancellation);
        var paths = layout.Of(token.Job);
        await tree.EnsureAsync(paths, cancellation);
        await nginx.EnsureAsync(cancellation);
        await File.WriteAllBytesAsync(paths.ServeMark, [], cancellation);
        await php.EnsureAsync(token.Job, cancellation);
    }

    public async Task<ContentReport> ImportContentAsync(
        StepToken token, CloneOrder order, JobSecrets secrets, SourceChannel source, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        var target = await PrepareImportAsync(token, order, secrets, cancellation);
        var report = await SiteImporter.ImportAsync(
            source, target, CloneKeys.Of(secrets), progress, stop => fence.EnsureHeldAsync(token, stop), cancellation);
        await FinishImportAsync(token, cancellation);
        return report;
    }

    public async Task<ContentReport> ImportPublicAsync(
        StepToken token, CloneOrder order, JobSecrets secrets, PublicSource source, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        var target = await PrepareImportAsync(token, order, secrets, cancellation);
        var importer = new PublicImporter(source, target, AskCloneAsync, progress, stop => fence.EnsureHeldAsync(token, stop), clock);
        var report = await importer.ImportAsync(CloneKeys.Of(secrets), cancellation);
        await FinishImportAsync(token, cancellation);
        return report;
    }

    public async Task<PluginReport> ActivatePluginAsync(StepToken token, CloneOrder order, JobSecrets secrets, CancellationToken cancellation)
    {
        await EnsurePodAsync(token, order, secrets, progress: null, cancellation);
        var target = TargetOf(token.Job, secrets);
        var administrator = new CloneAdministrator(client.Http, Inside(target.PublicUrl), target, layout.Of(token.Job).UsernameMark, clock);
        return await administrator.AdoptAsync(secrets.ConnectorKey, secrets.ClonePassword, cancellation);
    }

    public async Task<Uri> OpenRouteAsync(StepToken token, CloneOrder order, CancellationToken cancellation)
    {
        await fence.ClaimAsync(token, cancellation);
        await nginx.EnsureAsync(cancellation);
        await php.EnsureAsync(token.Job, cancellation);
        var address = options.Value.PublicUrlOf(token.Job);
        await WarmAsync(address, cancellation);
        await fence.EnsureHeldAsync(token, cancellation);
        routes.Open(token.Job);
        return address;
    }

    public async Task RemoveAsync(StepToken token, CancellationToken cancellation)
    {
        await fence.ClaimAsync(token, cancellation);
        var paths = layout.Of(token.Job);
        routes.Close(token.Job);
        if (File.Exists(paths.ServeMark)) File.Delete(paths.ServeMark);
        await php.RemoveAsync(token.Job, cancellation);
        await database.RemoveAsync(token.Job, cancellation);
        await Task.Run(() => CloneTree.Remove(paths), cancellation);
        var (databases, users) = await database.ListAsync(cancellation);
        var left = PartsOf(token.Job, databases, users);
        if (left.Count > 0) throw new IOException($"{token.Job}: still there after the removal: {string.Join(", ", left)}.");
        await fence.BuryAsync(token, cancellation);
    }

    public async Task<IReadOnlyList<ExistingClone>> ListAsync(CancellationToken cancellation)
    {
        var (databases, users) = await database.ListAsync(cancellation);
        var standing = await fence.StandingAsync(cancellation);
        return
        [
            .. databases.Concat(users).Concat(layout.JobsWithFolder()).Concat(layout.JobsWithSocket()).Distinct()
                .Select(job => new ExistingClone(job, PartsOf(job, databases, users), SinceOf(job, standing)))
                .Where(clone => clone.Parts.Count > 0),
        ];
    }

    private List<string> PartsOf(JobId job, IReadOnlySet<JobId> databases, IReadOnlySet<JobId> users)
    {
        var paths = layout.Of(job);
        var parts = new List<string>();
        if (databases.Contains(job)) parts.Add("database");
        if (users.Contains(job)) parts.Add("user");
        if (Directory.Exists(paths.Folder)) parts.Add("files");
        if (File.Exists(paths.Socket) || PhpFpm.ProcessesOf(paths).Count > 0) parts.Add("processes");
        if (File.Exists(paths.RouteMark)) parts.Add("route");
        return parts;
    }

    // Where no attempt left a row only the folder tells an age; a part without either counts as old.
    private DateTimeOffset SinceOf(JobId job, IReadOnlyDictionary<JobId, DateTimeOffset> standing)
    {
        if (standing.TryGetValue(job, out var since)) return since;
        var folder = layout.Of(job).Folder;
        return Directory.Exists(folder) ? Directory.GetCreationTimeUtc(folder) : DateTimeOffset.UnixEpoch;
    }

    public async Task<CloneLog?> TailLogAsync(JobId job, JobSecrets secrets, int lines, CancellationToken cancellation) =>
        layout.Of(job) is var paths && Directory.Exists(paths.Folder) ? await LogTail.ReadAsync(paths.PhpLog, lines, cancellation) : null;

    private async Task<CloneTarget> PrepareImportAsync(StepToken token, CloneOrder order, JobSecrets secrets, CancellationToken cancellation)
    {
        await EnsurePodAsync(token, order, secrets, progress: null, cancellation);
        routes.Close(token.Job);
        await database.CutAsync(token.Job, cancellation);
        File.Delete(layout.Of(token.Job).UsernameMark);
        return TargetOf(token.Job, secrets);
    }

    private CloneTarget TargetOf(JobId job, JobSecrets secrets)
    {
        var paths = layout.Of(job);
        return new CloneTarget(
            job, database.ConnectionStringOf(job, secrets.DatabasePassword), database.HostForPhp,
            CloneDatabase.NameOf(job), CloneDatabase.NameOf(job), new DirectoryInfo(paths.Www), new DirectoryInfo(paths.State),
            tree.CoreStore, options.Value.PublicUrlOf(job), CloneAccount.OwnerOf(job));
    }

    // PHP looks at most every two seconds whether a file it compiled has changed; a fresh one has compiled nothing.
    private async Task FinishImportAsync(StepToken token, CancellationToken cancellation)
    {
        await fence.EnsureHeldAsync(token, cancellation);
        await php.RestartAsync(token.Job, cancellation);
    }

    // The first page of a new PHP compiles WordPress. That time is better spent before a visitor waits for it.
    private async Task WarmAsync(Uri address, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        using var answer = await AskCloneAsync(request, cancellation);
        await answer.Content.CopyToAsync(Stream.Null, cancellation);
    }

    /// <summary>The address as nginx understands it: always plain HTTP, the public scheme is only told.</summary>
    private static Uri Inside(Uri publicUrl) => new UriBuilder(publicUrl) { Scheme = Uri.UriSchemeHttp, Port = publicUrl.Port }.Uri;

    /// <summary>As the front door would ask, whether the route is open or not.</summary>
    private Task<HttpResponseMessage> AskCloneAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        var address = request.RequestUri!;
        request.RequestUri = Inside(address);
        request.Headers.Host = address.Authority;
        request.Headers.Add("X-Forwarded-Proto", address.Scheme);
        return client.Http.SendAsync(request, cancellation);
    }
}
