using CloneHub.Contracts;
using CloneHub.Provisioning.Database;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Provisioning.WordPress.Media;
using CloneHub.Provisioning.WordPress.PublicSite;
using Microsoft.Extensions.Options;

namespace CloneHub.Provisioning.Local;

/// <summary>Clones on this machine: a database, a folder and a php-fpm each, one nginx for all.</summary>
internal sealed partial class LocalBackend(
    IOptions<LocalOptions> options, LocalLayout layout, CloneFence fence, CloneInstances instances, CloneDatabase database, CloneTree tree, PhpFpm php, Nginx nginx,
    CloneRoutes routes, NginxClient client, MediaOnDemand media, TimeProvider clock) : ICloneBackend
{
    public async Task EnsureDatabaseAsync(StepToken token, CloneOrder order, JobSecrets secrets, CancellationToken cancellation)
    {
        var (instance, isWarm) = await instances.ClaimAsync(token, Recipe, cancellation);
        if (isWarm is { } warm) ProvisioningTelemetry.CountClaim(warm);
        await database.EnsureAsync(instance, secrets.DatabasePassword, cancellation);
    }

    public async Task EnsurePodAsync(
        StepToken token, CloneOrder order, JobSecrets secrets, IProgress<ContentProgress>? progress, CancellationToken cancellation) =>
        await EnsureServedAsync(token, secrets, cancellation);

    public async Task<ContentReport> ImportContentAsync(
        StepToken token, CloneOrder order, JobSecrets secrets, SourceChannel source, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        var (instance, target) = await PrepareImportAsync(token, secrets, cancellation);
        if (order.Media is CloneMedia.OnDemand) target = target with { Media = new MediaFolder(layout.Of(instance).Media) };
        var report = await SiteImporter.ImportAsync(
            source, target, CloneKeys.Of(secrets), progress, stop => fence.EnsureHeldAsync(token, stop), cancellation);
        await FinishImportAsync(token, instance, cancellation);
        return report;
    }

    public bool MediaOnDemand => true;

    public async Task<MediaFacts> FetchMediaAsync(StepToken token, CloneOrder order, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        var paths = layout.Of(await instances.ClaimAsync(token, cancellation));
        return await media.FinishAsync(order, new DirectoryInfo(paths.Www), new MediaFolder(paths.Media), progress, stop => fence.EnsureHeldAsync(token, stop), cancellation);
    }

    public async Task<ContentReport> ImportPublicAsync(
        StepToken token, CloneOrder order, JobSecrets secrets, PublicSource source, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        var (instance, target) = await PrepareImportAsync(token, secrets, cancellation);
        var importer = new PublicImporter(source, target, AskCloneAsync, progress, stop => fence.EnsureHeldAsync(token, stop), clock);
        var report = await importer.ImportAsync(CloneKeys.Of(secrets), cancellation);
        await FinishImportAsync(token, instance, cancellation);
        return report;
    }

    public async Task<PluginReport> ActivatePluginAsync(StepToken token, CloneOrder order, JobSecrets secrets, CancellationToken cancellation)
    {
        var instance = await EnsureServedAsync(token, secrets, cancellation);
        var target = TargetOf(token.Job, instance, secrets);
        var administrator = new CloneAdministrator(client.Http, Inside(target.PublicUrl), target, layout.Of(instance).UsernameMark, clock);
        return await administrator.AdoptAsync(secrets.ConnectorKey, secrets.ClonePassword, cancellation);
    }

    public async Task<Uri> OpenRouteAsync(StepToken token, CloneOrder order, CancellationToken cancellation)
    {
        var instance = await instances.ClaimAsync(token, cancellation);
        await nginx.EnsureAsync(cancellation);
        await php.EnsureAsync(instance, cancellation);
        var address = options.Value.PublicUrlOf(token.Job);
        await WarmAsync(address, cancellation);
        await fence.EnsureHeldAsync(token, cancellation);
        routes.Open(token.Job, instance);
        return address;
    }

    public async Task RemoveAsync(StepToken token, CancellationToken cancellation)
    {
        var instance = await instances.ClaimAsync(token, cancellation);
        var paths = layout.Of(instance);
        routes.Close(instance);
        await media.CloseAsync(token.Job);
        if (File.Exists(paths.ServeMark)) File.Delete(paths.ServeMark);
        await php.RemoveAsync(instance, cancellation);
        await database.RemoveAsync(instance, cancellation);
        CloneTree.Unlink(layout.Of(token.Job));
        await Task.Run(() => CloneTree.Remove(paths), cancellation);

        // After the folder: nginx writes none for a clone without one.
        foreach (var log in new[] { instance, token.Job }.SelectMany(layout.AccessLogFilesOf)) File.Delete(log);
        var (databases, users) = await database.ListAsync(cancellation);
        var left = new HashSet<JobId> { instance, token.Job }.SelectMany(name => PartsOf(name, databases, users)).ToList();
        if (left.Count > 0) throw new IOException($"{token.Job}: still there after the removal: {string.Join(", ", left)}.");
        await fence.BuryAsync(token, cancellation);
        await instances.ForgetAsync(token.Job, cancellation);
    }

    public async Task<IReadOnlyList<ExistingClone>> ListAsync(CancellationToken cancellation)
    {
        var (databases, users) = await database.ListAsync(cancellation);
        var standing = await fence.StandingAsync(cancellation);
        var ownerOf = await instances.OwnerOfAsync(cancellation);
        return
        [
            .. databases.Concat(users).Concat(layout.JobsWithFolder()).Concat(layout.JobsWithSocket()).Concat(layout.JobsWithLink()).Concat(layout.JobsWithAccessLog()).Distinct()
                .GroupBy(ownerOf).Where(names => names.Key is not null)
                .Select(names => new ExistingClone(
                    names.Key!.Value, [.. names.SelectMany(name => PartsOf(name, databases, users)).Distinct()], SinceOf(names.Key.Value, standing)))
                .Where(clone => clone.Parts.Count > 0),
        ];
    }

    private List<string> PartsOf(JobId instance, IReadOnlySet<JobId> databases, IReadOnlySet<JobId> users)
    {
        var paths = layout.Of(instance);
        var parts = new List<string>();
        if (databases.Contains(instance)) parts.Add("database");
        if (users.Contains(instance)) parts.Add("user");
        if (Directory.Exists(paths.Folder) || paths.IsLink || layout.AccessLogFilesOf(instance).Count > 0) parts.Add("files");
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

    /// <summary>There is no agent: this program copies, and says what it does in the job's events and in its own log.</summary>
    public IReadOnlyList<CloneLogKind> Logs { get; } = [CloneLogKind.Php, CloneLogKind.Access];

    public async Task<CloneLog?> TailLogAsync(JobId job, JobSecrets secrets, CloneLogKind kind, int lines, CancellationToken cancellation)
    {
        var paths = layout.Of(job);
        if (!Directory.Exists(paths.Folder)) return null;
        return await LogTail.ReadAsync(kind == CloneLogKind.Php ? paths.PhpLog : layout.AccessLogOf(job), lines, cancellation);
    }

    /// <summary>The attempt holds the clone, its database lets it in, and a PHP runs for it.</summary>
    private async Task<JobId> EnsureServedAsync(StepToken token, JobSecrets secrets, CancellationToken cancellation)
    {
        var instance = await instances.ClaimAsync(token, cancellation);
        await database.EnsureAsync(instance, secrets.DatabasePassword, cancellation);
        await EnsurePhpAsync(instance, cancellation);
        if (instance != token.Job) CloneTree.Link(layout.Of(token.Job), layout.Of(instance));
        return instance;
    }

    private async Task EnsurePhpAsync(JobId instance, CancellationToken cancellation)
    {
        var paths = layout.Of(instance);
        await tree.EnsureAsync(paths, cancellation);
        await nginx.EnsureAsync(cancellation);
        await File.WriteAllBytesAsync(paths.ServeMark, [], cancellation);
        await php.EnsureAsync(instance, cancellation);
    }

    private async Task<(JobId Instance, CloneTarget Target)> PrepareImportAsync(StepToken token, JobSecrets secrets, CancellationToken cancellation)
    {
        var instance = await EnsureServedAsync(token, secrets, cancellation);
        routes.Close(instance);
        await database.CutAsync(instance, cancellation);
        File.Delete(layout.Of(instance).UsernameMark);
        return (instance, TargetOf(token.Job, instance, secrets));
    }

    private CloneTarget TargetOf(JobId job, JobId instance, JobSecrets secrets)
    {
        var paths = layout.Of(instance);
        return new CloneTarget(
            job, database.ConnectionStringOf(instance, secrets.DatabasePassword), database.HostForPhp,
            CloneDatabase.NameOf(instance), CloneDatabase.NameOf(instance), new DirectoryInfo(paths.Www), new DirectoryInfo(paths.State),
            tree.CoreStore, options.Value.PublicUrlOf(job), CloneAccount.OwnerOf(instance))
        { Account = new DirectoryInfo(paths.Import) };
    }

    // PHP looks at most every two seconds whether a file it compiled has changed; a fresh one has compiled nothing.
    private async Task FinishImportAsync(StepToken token, JobId instance, CancellationToken cancellation)
    {
        await fence.EnsureHeldAsync(token, cancellation);
        if (instance != token.Job && tree.NewestCore is { } core) await Task.Run(() => CompiledCode.ForgetOthers(layout.Of(instance).CompiledCode, layout.Of(instance).Www, core.FullName), cancellation);
        await php.RestartAsync(instance, cancellation);
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
