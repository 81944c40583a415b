using System.Collections.Concurrent;
using System.Globalization;
using CloneHub.Cleanup;
using CloneHub.Contracts;
using CloneHub.Provisioning;
using CloneHub.Provisioning.Agent;
using CloneHub.Provisioning.Database;
using CloneHub.Provisioning.Kubernetes;
using CloneHub.Provisioning.Kubernetes.Watching;
using CloneHub.Provisioning.Pool;
using CloneHub.Provisioning.Tests;
using CloneHub.Provisioning.Tests.Pool;
using CloneHub.Testing;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CloneHub.Kube.Tests.Cluster;

/// <summary>The back end in a namespace of its own, as the restricted account, with an ingress controller in front. Everything it made ends with it.</summary>
internal sealed class KubeStage : IAsyncDisposable
{
    private readonly KubeCluster _cluster;
    private readonly IReadOnlyDictionary<string, string?> _changes;
    private readonly DirectoryInfo _folder;
    private readonly string _kubeConfig;
    private readonly List<CloneOrder> _orders = [];
    private readonly IngressController _ingress;
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false }) { Timeout = TimeSpan.FromSeconds(10) };
    private ServiceProvider _provider;

    private KubeStage(KubeCluster cluster, string space, DirectoryInfo folder, string kubeConfig, IngressController ingress, IReadOnlyDictionary<string, string?> changes)
    {
        (_cluster, Namespace, _folder, _kubeConfig, _ingress, _changes) = (cluster, space, folder, kubeConfig, ingress, changes);
        _provider = Compose();
    }

    public string Namespace { get; }

    public JobSecrets Secrets { get; } = TestJobs.NewSecrets();

    public CallRecorder Calls { get; } = new();

    /// <summary>What the back end writes into its log.</summary>
    public LogBook Log { get; } = new();

    public ConcurrentDictionary<JobId, DateTimeOffset> Deadlines { get; } = new();

    /// <summary>What the jobs say of themselves.</summary>
    public JobPresence Presence { get; set; } = JobPresence.Live;

    public FakeQueue Queue { get; } = new();

    public ICloneBackend Backend => Get<ICloneBackend>();

    public ClusterView View => Get<ClusterView>();

    public KubernetesOptions Options => Get<IOptions<KubernetesOptions>>().Value;

    /// <param name="way">What the back end reaches the API server by, and nothing else does.</param>
    public static async Task<KubeStage> OpenAsync(
        KubeCluster cluster, IReadOnlyDictionary<string, string?>? changes = null, Func<V1Role, bool>? roles = null, SpoilingProxy? way = null)
    {
        var space = await cluster.NewNamespaceAsync();
        var folder = cluster.Servers.NewFolder();
        var hasRoutes = changes?.GetValueOrDefault("CloneHub:Kubernetes:Route") == "httproute";
        IEnumerable<V1Role> granted = hasRoutes ? [.. RestrictedAccount.Roles, RestrictedAccount.HttpRouteRole] : RestrictedAccount.Roles.Where(roles ?? (_ => true));
        var kubeConfig = await RestrictedAccount.CreateAsync(cluster, space, granted, folder, way?.Address);
        var ingress = await IngressController.StartAsync(cluster.Admin, space, hasRoutes);
        var stage = new KubeStage(cluster, space, folder, kubeConfig, ingress, changes ?? new Dictionary<string, string?>());
        await stage.StartAsync();
        return stage;
    }

    public T Get<T>()
        where T : notnull => _provider.GetRequiredService<T>();

    public CloneOrder NewOrder()
    {
        var order = TestJobs.NewOrder();
        _orders.Add(order);
        return order;
    }

    /// <summary>Looks after the pool until it is as it should be.</summary>
    public async Task<IReadOnlyList<WarmInstance>> FillPoolAsync()
    {
        var pool = Get<WarmPool>();
        await Eventually.Until("the pool is full", async () =>
        {
            await pool.LookAsync(default);
            return !pool.IsMaking && (await PoolAsync()).All(instance => instance.IsReady);
        }, TimeSpan.FromMinutes(3));
        return await PoolAsync();
    }

    public Task<IReadOnlyList<WarmInstance>> PoolAsync() => Get<CloneInstances>().PoolAsync(Backend.Recipe.Place, default);

    /// <summary>The instance that the job has, as the cluster tells it.</summary>
    public JobId InstanceOf(CloneOrder order) => View.InstanceOf(order.Job);

    public async Task RestartAsync()
    {
        await StopAsync();
        _provider = Compose();
        await StartAsync();
    }

    /// <summary>The sweep that the Host runs now and then; the caller stops it.</summary>
    public async Task<IHostedService> StartSweepAsync()
    {
        var sweep = _provider.GetServices<IHostedService>().Single(service => service.GetType().Namespace == typeof(CleanupModule).Namespace);
        await sweep.StartAsync(default);
        return sweep;
    }

    /// <summary>What the pod itself answers.</summary>
    public async Task<string?> AskAsync(CloneOrder order) =>
        View.StateOf(InstanceOf(order)).ReadyPod?.Status.PodIP is { } address ? await TextAsync($"http://{address}:{CloneImage.Port}{CloneImage.ReadyPath}", null) : null;

    /// <summary>What the public gets.</summary>
    public Task<string?> VisitAsync(CloneOrder order) =>
        TextAsync(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_ingress.Port}{CloneImage.ReadyPath}"), Options.PublicUrlOf(order.Job).Authority);

    public async ValueTask DisposeAsync()
    {
        foreach (var instance in await PoolAsync()) await Record.ExceptionAsync(() => Get<ICloneInventory>().RemoveOrphanAsync(instance.Name, default));
        await Parallel.ForEachAsync(_orders, async (order, _) => await Record.ExceptionAsync(() => Get<ICloneInventory>().RemoveOrphanAsync(order.Job, default)));
        await StopAsync();
        await _ingress.DisposeAsync();
        _http.Dispose();
        await _cluster.DeleteNamespaceAsync(Namespace);
        _folder.Delete(recursive: true);
    }

    private async Task<string?> TextAsync(string address, string? host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Host = host;
        try
        {
            using var answer = await _http.SendAsync(request);
            return answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync() : null;
        }
        catch (Exception silent) when (silent is HttpRequestException or TaskCanceledException)
        {
            // Nobody is there, which is an answer.
            return null;
        }
    }

    private async Task StartAsync()
    {
        // The one that the cluster of Hosts has put in charge heals and sweeps; here there is no other.
        Get<CleanupDuty>().IsHere = true;
        await View.StartAsync(default);
        await View.Synced.WaitAsync(TimeSpan.FromSeconds(30));
    }

    private async Task StopAsync()
    {
        await View.StopAsync(default);
        await _provider.DisposeAsync();
    }

    private ServiceProvider Compose()
    {
        var settings = new Dictionary<string, string?>
        {
            ["CloneHub:Backend"] = "kubernetes",
            ["CloneHub:Kubernetes:KubeConfig"] = _kubeConfig,
            ["CloneHub:Kubernetes:Namespace"] = Namespace,
            ["CloneHub:Kubernetes:Image"] = _cluster.Image,
            ["CloneHub:Kubernetes:MariaDb"] = _cluster.MariaDb,
            ["CloneHub:Kubernetes:DatabaseAddress"] = _cluster.DatabaseAddress,
            ["CloneHub:Kubernetes:IngressClass"] = IngressController.Class,
            ["CloneHub:Kubernetes:PublicUrlTemplate"] = string.Create(CultureInfo.InvariantCulture, $"http://{{job_id}}.localhost:{_ingress.Port}"),
            ["CloneHub:AllowLoopbackSources"] = "true",
        };
        foreach (var (name, value) in _changes) settings[name] = value;
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(Log));
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<IQueueGauge>(Queue);
        services.AddSingleton<IJobVault>(new OpenVault(() => Secrets));
        services.AddSingleton<IJobDirectory>(new Directory(Deadlines, () => Presence));
        services.AddSingleton<ClusterCallHandler>(_ => Calls.Again());
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        services.AddProvisioning(configuration);
        services.AddCleanup(configuration);
        return services.BuildServiceProvider();
    }

    private sealed class Directory(ConcurrentDictionary<JobId, DateTimeOffset> deadlines, Func<JobPresence> presence) : IJobDirectory
    {
        public Task<IReadOnlyList<JobId>> DueAsync(DateTimeOffset now, int skip, int limit, CancellationToken cancellation) => Task.FromResult<IReadOnlyList<JobId>>([]);

        public Task<JobPresence> PresenceAsync(JobId job, CancellationToken cancellation) => Task.FromResult(presence());

        public Task<DateTimeOffset?> DeadlineAsync(JobId job, CancellationToken cancellation) =>
            Task.FromResult<DateTimeOffset?>(deadlines.TryGetValue(job, out var deadline) ? deadline : null);
    }
}
