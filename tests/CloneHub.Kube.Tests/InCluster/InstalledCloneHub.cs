using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using CloneHub.Dev;
using CloneHub.Dev.Kube;
using CloneHub.Dev.Processes;
using CloneHub.Dev.WordPress;
using CloneHub.Kube.Tests.Cluster;
using CloneHub.Testing;
using k8s;
using k8s.Models;

namespace CloneHub.Kube.Tests.InCluster;

// xUnit ends the fields in DisposeAsync of IAsyncLifetime.
#pragma warning disable CA1001
/// <summary>CloneHub in the cluster, as docs/kubernetes.md says to bring it up: images of this machine, and the overlay of one machine. Beside it a WordPress site to be cloned.</summary>
public sealed class InstalledCloneHub(KubeCluster cluster) : IAsyncLifetime
#pragma warning restore CA1001
{
    public const string Space = "clonehub";
    public const string ClonesSpace = "clonehub-clones";

    private const string Key = "ch_in-the-cluster";
    private const int Pods = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);

    private Forwarder? _way;
    private string _address = "";

    internal SourceSite Site { get; private set; } = null!;

    public TimeSpan TimeToReady { get; private set; }

    public IKubernetes Admin => cluster.Admin;

    public async Task InitializeAsync()
    {
        if (KubeCluster.WhyNot is not null || KubeCluster.IsForeign) return;
        await LoadImagesAsync();
        Site = await cluster.Servers.StartSiteAsync(
            new SourceSiteOptions { Name = ServersFixture.Unique("s"), Address = cluster.HostAddress.ToString(), Content = SiteContent.Tiny });
        _way = new Forwarder(cluster.HostAddress, Site.Url.Port);

        await KubectlAsync("apply", "-k", Overlay("platform"));
        await RunAsync(Repository.Path("infra", "secrets.sh"), "local");
        await KubectlAsync(
            "create", "secret", "generic", "clonehub-api-keys", "--namespace", Space, "--from-literal=CloneHub__ApiKeys__0__Tenant=acme",
            $"--from-literal=CloneHub__ApiKeys__0__Sha256={Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Key)))}",
            $"--from-literal=CloneHub__AllowedSourceNetworks__0={cluster.HostAddress}/32");
        var started = TimeProvider.System.GetTimestamp();
        await KubectlAsync("apply", "-k", Overlay());
        await AllReadyAsync();
        TimeToReady = TimeProvider.System.GetElapsedTime(started);
        _address = (await Admin.CoreV1.ReadNamespacedServiceAsync("clonehub", Space)).Spec.ClusterIP;
    }

    public async Task DisposeAsync()
    {
        if (_way is null) return;
        foreach (var space in (string[])[Space, ClonesSpace]) await KubectlAsync("delete", "namespace", space, "--ignore-not-found", "--wait=false");
        await _way.DisposeAsync();
        await Site.DisposeAsync();
    }

    /// <summary>Waits until every pod of the product and its stores is ready.</summary>
    public Task AllReadyAsync() => Eventually.Until(
        "all of CloneHub is ready",
        async () => (await PodsAsync()) is { Count: Pods } pods && pods.All(IsReady),
        Patience);

    public async Task<IReadOnlyList<V1Pod>> PodsAsync(string? component = null) =>
        [.. (await Admin.CoreV1.ListNamespacedPodAsync(Space, labelSelector: component is null ? null : $"app.kubernetes.io/component={component}")).Items];

    public static bool IsReady(V1Pod pod) =>
        pod.Metadata.DeletionTimestamp is null && pod.Status.Conditions?.Any(condition => condition is { Type: "Ready", Status: "True" }) == true;

    /// <summary>A client that the Service leads to a member of core, another one for each request, whatever the host of the address is.</summary>
    public HttpClient NewClient(bool keepsCookies = false)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = keepsCookies,
            PooledConnectionLifetime = TimeSpan.Zero,
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                try
                {
                    await socket.ConnectAsync(IPAddress.Parse(_address), 80, cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        var client = new HttpClient(handler) { BaseAddress = new Uri("http://clonehub/api/v2/"), Timeout = TimeSpan.FromSeconds(100) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", Key);
        return client;
    }

    public Task<string> KubectlAsync(params string[] arguments) => RunAsync("kubectl", arguments);

    /// <summary>Sends a signal to the program of a pod, from outside of the cluster.</summary>
    /// <param name="program">Name of the process, such as redis-server.</param>
    public async Task SignalAsync(V1Pod pod, string program, string signal)
    {
        // Its cgroup bears the pod's uid.
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out _)))
        {
            try
            {
                if ((await File.ReadAllTextAsync(Path.Combine(process, "comm"))).Trim() != program) continue;
                if (!(await File.ReadAllTextAsync(Path.Combine(process, "cgroup"))).Contains(pod.Metadata.Uid, StringComparison.Ordinal)) continue;
            }
            catch (IOException)
            {
                // It has ended meanwhile.
                continue;
            }

            await RunAsync("kill", $"-{signal}", Path.GetFileName(process));
        }
    }

    /// <summary>Ends everything on the node at once, and lets it start again.</summary>
    public async Task CutPowerAsync()
    {
        await cluster.Node.CutPowerAsync(default);
        await cluster.Node.StartMissingAsync(default);
    }

    private async Task LoadImagesAsync()
    {
        await cluster.CloneImageAsync();
        var folder = Repository.Path("artifacts", "images");
        await RunAsync(Repository.Path("infra", "images", "host", "build.sh"), Path.Combine(folder, "host"));
        await RunAsync(Repository.Path("infra", "images", "stores", "build.sh"), Path.Combine(folder, "stores"));
        foreach (var archive in (string[])["host/host.tar", "stores/redis.tar", "stores/mariadb.tar", "stores/postgresql.tar"])
            await cluster.Node.LoadAsync(Path.Combine(folder, archive), default);
    }

    private static string Overlay(params string[] below) => Repository.Path(["infra", "k8s", "overlays", "local", .. below]);

    private Task<string> RunAsync(string program, params string[] arguments) => Command.RunAsync(
        program, arguments, new CommandSettings { Environment = new Dictionary<string, string> { ["KUBECONFIG"] = cluster.KubeConfig } }, default);
}
