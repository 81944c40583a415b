using System.Security.Cryptography;
using CloneHub.Contracts;
using CloneHub.Provisioning.Agent;
using CloneHub.Provisioning.Database;
using CloneHub.Provisioning.FrontDoor;
using CloneHub.Provisioning.Kubernetes.Manifests;
using CloneHub.Provisioning.Kubernetes.Watching;
using CloneHub.Provisioning.Pool;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Provisioning.WordPress.PublicSite;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Options;
using MySqlConnector;

namespace CloneHub.Provisioning.Kubernetes;

/// <summary>Clones in a cluster: a database on the shared server, and a pod that copies its content itself.</summary>
internal sealed class KubernetesBackend(
    IOptions<KubernetesOptions> options, Anchors anchors, CloneObjects objects, ClusterApi api, ClusterView view, PodStart start, AgentExec agent,
    CloneFence fence, CloneInstances instances, CloneDatabase database, PublicRoute route, SourceOptions sources, TimeProvider clock) : ICloneBackend
{
    /// <summary>Whose names are always the same, so that only the settings tell one recipe from another.</summary>
    private static readonly CloneSpec Sample = new(JobId.FromBytes(new byte[16]), Tenant: "", AnchorUid: "", new PoolClaim(By: null));

    private static readonly TimeSpan RoutePatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RemovalPatience = TimeSpan.FromSeconds(90);

    public async Task EnsureDatabaseAsync(StepToken token, CloneOrder order, JobSecrets secrets, CancellationToken cancellation)
    {
        var anchor = await anchors.ClaimAsync(token, order.Tenant, AnchorStage.Database, cancellation, Recipe);
        await database.EnsureAsync(anchor.Job, secrets.DatabasePassword, cancellation);
    }

    public async Task EnsurePodAsync(
        StepToken token, CloneOrder order, JobSecrets secrets, IProgress<ContentProgress>? progress, CancellationToken cancellation) =>
        await EnsureReadyAsync(token, order, secrets, progress, cancellation);

    public async Task<ContentReport> ImportContentAsync(
        StepToken token, CloneOrder order, JobSecrets secrets, SourceChannel source, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        if (order.Media is CloneMedia.OnDemand) throw NotOnDemand();
        var request = Import(token, secrets) with { Site = source.Pass, SigningKey = secrets.ConnectorKey };
        return await ImportAsync(token, order, secrets, request, progress, cancellation);
    }

    /// <summary>In a pod nobody is there to fetch a file for a visitor: the agent ends with each order, and the public does not always come by our door.</summary>
    public bool MediaOnDemand => false;

    public Task<MediaFacts> FetchMediaAsync(StepToken token, CloneOrder order, IProgress<ContentProgress> progress, CancellationToken cancellation) => throw NotOnDemand();

    public async Task<ContentReport> ImportPublicAsync(
        StepToken token, CloneOrder order, JobSecrets secrets, PublicSource source, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        var request = Import(token, secrets) with { PublishedAt = order.SourceUrl };
        return await ImportAsync(token, order, secrets, request, progress, cancellation);
    }

    public async Task<PluginReport> ActivatePluginAsync(StepToken token, CloneOrder order, JobSecrets secrets, CancellationToken cancellation)
    {
        var (instance, pod) = await EnsureReadyAsync(token, order, secrets, progress: null, cancellation);
        RefuseEmpty(instance);
        var request = new ActivateRequest(
            token.Job, token.Fence, options.Value.PublicUrlOf(token.Job), Database(instance, secrets), secrets.ConnectorKey, secrets.ClonePassword);
        var done = await agent.RunAsync<AgentActivated>(pod.Metadata.Name, AgentCommand.Activate, request, secrets, token, progress: null, cancellation);
        return new PluginReport(done.Version, done.Username);
    }

    public async Task<Uri> OpenRouteAsync(StepToken token, CloneOrder order, CancellationToken cancellation)
    {
        var anchor = await anchors.ClaimAsync(token, order.Tenant, AnchorStage.Route, cancellation);
        RefuseEmpty(anchor.Job);
        await objects.EnsureAsync(anchor, cancellation);
        var address = options.Value.PublicUrlOf(token.Job);
        await new RouteVisit(route.Http, clock).UntilItLeadsToAsync(address, anchor.Job, RoutePatience, cancellation);
        return address;
    }

    private static StepFaultException NotOnDemand() => new(new StepFault(
        "MEDIA_NOT_ON_DEMAND", "Media cannot come on demand in a cluster.", "Request the clone again with media 'eager'.", Retryable: false));

    public async Task RemoveAsync(StepToken token, CancellationToken cancellation)
    {
        var instance = await anchors.RemoveAsync(token, cancellation);
        await database.RemoveAsync(instance, cancellation);
        await UntilNothingIsLeftAsync(instance, cancellation);
        var (databases, users) = await database.ListAsync(cancellation);
        if (databases.Contains(instance) || users.Contains(instance)) throw new IOException($"{token.Job}: its database is still there after the removal.");
        await anchors.BuryAsync(token, cancellation);
    }

    public async Task<IReadOnlyList<ExistingClone>> ListAsync(CancellationToken cancellation)
    {
        var there = (await api.ListAnchorsAsync(cancellation)).ToDictionary(anchor => anchor.Job);
        var (databases, users) = await database.ListAsync(cancellation);
        var standing = await fence.StandingAsync(cancellation);
        var ownerOf = await instances.OwnerOfAsync(cancellation);
        return
        [
            .. there.Keys.Concat(databases).Concat(users).Distinct()
                .Select(name => (Name: name, Owner: ownerOf(name), Anchor: there.GetValueOrDefault(name))).Where(found => found.Owner is not null)
                .Select(found => new ExistingClone(
                    found.Owner!.Value, PartsOf(found.Name, found.Anchor, databases.Contains(found.Name), users.Contains(found.Name)),
                    SinceOf(found.Owner.Value, found.Anchor, standing))),
        ];
    }

    public IReadOnlyList<CloneLogKind> Logs { get; } = [CloneLogKind.Php, CloneLogKind.Access, CloneLogKind.Agent];

    public async Task<CloneLog?> TailLogAsync(JobId job, JobSecrets secrets, CloneLogKind kind, int lines, CancellationToken cancellation)
    {
        if (view.StateOf(view.InstanceOf(job)).ReadyPod is not { } pod) return null;
        var nobody = new StepToken(job, CloneStep.ActivatePlugin, Attempt: 0, Fence: 0);
        var request = new LogRequest(job, lines, kind == CloneLogKind.Php ? null : kind);
        return (await agent.RunAsync<AgentLog>(pod.Metadata.Name, AgentCommand.Log, request, secrets, nobody, progress: null, cancellation)).Log;
    }

    public bool Serves(JobId instance) => view.StateOf(instance) is { Anchor: not null, ReadyPod: not null };

    public InstanceRecipe Recipe => InstanceRecipe.Of(options.Value.Namespace, KubernetesJson.Serialize(PodManifests.Deployment(Sample, options.Value)));

    public async Task MakeInstanceAsync(JobId instance, CancellationToken cancellation)
    {
        var token = new StepToken(instance, CloneStep.StartPod, Attempt: 1, Fence: 1);
        var anchor = await anchors.ClaimForPoolAsync(token, cancellation);
        var password = new Secret(RandomNumberGenerator.GetHexString(32));
        await database.EnsureAsync(instance, password, cancellation);
        await start.RunAsync(anchor, password, isFirst: true, progress: null, cancellation);
        await anchors.EnsureHeldAsync(token, cancellation);
    }

    private async Task<(JobId Instance, V1Pod Pod)> EnsureReadyAsync(
        StepToken token, CloneOrder order, JobSecrets secrets, IProgress<ContentProgress>? progress, CancellationToken cancellation)
    {
        // Most attempts find what the one before them has made, or the pool, and have nothing to say to the cluster.
        if (await anchors.LookAsync(token, cancellation) is { } seen && objects.HasPod(seen) && view.StateOf(seen.Job).ReadyPod is { } ready)
        {
            await database.EnsureAsync(seen.Job, secrets.DatabasePassword, cancellation);
            return (seen.Job, ready);
        }

        var anchor = await anchors.ClaimAsync(token, order.Tenant, AnchorStage.Pod, cancellation);
        await database.EnsureAsync(anchor.Job, secrets.DatabasePassword, cancellation);
        return (anchor.Job, await start.RunAsync(anchor, secrets.DatabasePassword, isFirst: token.Step == CloneStep.StartPod, progress, cancellation));
    }

    private async Task<ContentReport> ImportAsync(
        StepToken token, CloneOrder order, JobSecrets secrets, ImportRequest request, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        var (instance, pod) = await EnsureReadyAsync(token, order, secrets, progress, cancellation);
        request = request with { Database = Database(instance, secrets) };
        var done = await agent.RunAsync<AgentImported>(pod.Metadata.Name, AgentCommand.Import, request, secrets, token, progress, cancellation);
        await anchors.EnsureHeldAsync(token, cancellation);
        await anchors.NoteContentAsync(token, instance, pod.Metadata.Uid, cancellation);
        return new ContentReport(done.Content, done.Warnings, done.Proof);
    }

    /// <summary>A pod that was replaced after the copy has an empty WordPress, which must never be handed over for a clone.</summary>
    private void RefuseEmpty(JobId instance)
    {
        if (view.StateOf(instance).HasLostContent)
            throw new StepFaultException(new StepFault(
                "CONTENT_LOST", "The clone's pod was replaced after the content had been copied into it.", "Request the clone again.", Retryable: false));
    }

    private ImportRequest Import(StepToken token, JobSecrets secrets) => new(
        token.Job, token.Fence, options.Value.PublicUrlOf(token.Job), Database(token.Job, secrets), CloneKeys.Of(secrets).PublicKey,
        AllowLoopback: sources.AllowLoopback, AllowedNetworks: [.. sources.AllowedNetworks.Select(network => network.ToString())]);

    /// <summary>The Secret that a pod has mounted follows a claim of the pool a minute late, and somebody may have deleted it: the agent is told the password.</summary>
    private AgentDatabase Database(JobId instance, JobSecrets secrets)
    {
        var name = CloneDatabase.NameOf(instance);
        if (options.Value.DatabaseAddress.Split(':') is [var host, var port])
            return new AgentDatabase(host, uint.Parse(port, System.Globalization.CultureInfo.InvariantCulture), name, name, secrets.DatabasePassword);
        var server = new MySqlConnectionStringBuilder(options.Value.MariaDb);
        return new AgentDatabase(server.Server, server.Port, name, name, secrets.DatabasePassword);
    }

    /// <summary>The anchor goes last, when the cluster has removed all that hung on it; the Secret too, which cannot be seen.</summary>
    private async Task UntilNothingIsLeftAsync(JobId job, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(RemovalPatience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            await view.WaitAsync(job, state => state.IsNothing ? state : null, either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"{job}: still there {RemovalPatience.TotalSeconds:0} s after its removal began: {string.Join(", ", view.StateOf(job).Parts)}.");
        }

        // The view says what it has heard. A late attempt may have put an anchor there since the claim; the next removal takes it.
        if (await api.ReadAnchorAsync(job, cancellation) is not null) throw new IOException($"{job}: it has an anchor again after its removal.");
    }

    private List<string> PartsOf(JobId job, Anchor? anchor, bool hasDatabase, bool hasUser)
    {
        var parts = new List<string>();
        if (anchor is not null) parts.Add("anchor");
        if (hasDatabase) parts.Add("database");
        if (hasUser) parts.Add("user");
        parts.AddRange(view.StateOf(job).Parts);
        return parts;
    }

    private static DateTimeOffset SinceOf(JobId job, Anchor? anchor, IReadOnlyDictionary<JobId, DateTimeOffset> standing) =>
        standing.TryGetValue(job, out var since) ? since : anchor?.Since ?? DateTimeOffset.UnixEpoch;
}
