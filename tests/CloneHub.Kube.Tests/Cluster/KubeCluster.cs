using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using CloneHub.Dev.Kube;
using CloneHub.Dev.Processes;
using CloneHub.Provisioning.Kubernetes;
using CloneHub.Testing;
using k8s;
using k8s.Autorest;
using k8s.Models;
using MySqlConnector;

namespace CloneHub.Kube.Tests.Cluster;

// xUnit ends the fields in DisposeAsync of IAsyncLifetime.
#pragma warning disable CA1001
/// <summary>
/// One cluster for all tests of this process, with the servers that pods need: our own single node, or the one that KUBECONFIG names (then CLONEHUB_KUBE_IMAGE
/// names an image it can pull, and CLONEHUB_KUBE_HOST_IP this machine as its pods see it). Our own goes with the tests, also when they are killed.
/// </summary>
public sealed partial class KubeCluster : IAsyncLifetime
#pragma warning restore CA1001
{
    public const string Collection = "cluster";

    private SingleNode? _node;
    private Forwarder? _database;
    private string? _cloneImage;

    /// <summary>Why no cluster can be had; null if one can, or if CI demands that it fail for want of one.</summary>
    public static string? WhyNot { get; } = IsCi || IsForeign ? null : SingleNode.WhyNot;

    private static bool IsCi => Environment.GetEnvironmentVariable("CI") == "true";

    /// <summary>A cluster of somebody else's, which wins over one of our own. It has no images but those it can pull.</summary>
    public static bool IsForeign => Environment.GetEnvironmentVariable("KUBECONFIG") is { Length: > 0 };

    /// <summary>The node of our own, for tests that break it.</summary>
    internal SingleNode Node => _node ?? throw new InvalidOperationException("The cluster is somebody else's.");

    public ServersFixture Servers { get; } = new();

    public string KubeConfig { get; private set; } = "";

    public IKubernetes Admin { get; private set; } = null!;

    /// <summary>This machine as pods see it.</summary>
    public IPAddress HostAddress { get; private set; } = IPAddress.Loopback;

    public string Image { get; private set; } = StubImage.Name;

    /// <summary>Administrator of the clones' databases, for this process.</summary>
    public string MariaDb => Servers.Servers.MariaDbTcpConnectionString;

    /// <summary>The same server for pods.</summary>
    public string DatabaseAddress => string.Create(CultureInfo.InvariantCulture, $"{HostAddress}:{new MySqlConnectionStringBuilder(MariaDb).Port}");

    public async Task InitializeAsync()
    {
        if (WhyNot is not null) return;
        await Servers.InitializeAsync();
        if (IsForeign) UseGiven();
        else await BringUpAsync();
        Admin = ClusterClient.Connect(new KubernetesOptions { KubeConfig = KubeConfig });
        _database = new Forwarder(HostAddress, (int)new MySqlConnectionStringBuilder(MariaDb).Port);
    }

    public async Task DisposeAsync()
    {
        if (_database is not null) await _database.DisposeAsync();
        Admin?.Dispose();
        if (_node is not null) await _node.DisposeAsync();
    }

    /// <summary>An empty namespace; the caller deletes it.</summary>
    public async Task<string> NewNamespaceAsync()
    {
        var name = ServersFixture.Unique("clones-");
        await Admin.CoreV1.CreateNamespaceAsync(new V1Namespace { Metadata = new V1ObjectMeta { Name = name } });
        return name;
    }

    /// <summary>All objects of all kinds that the server knows, as <c>kind/name</c>, but for what a namespace of the tests has before there is a clone.</summary>
    public async Task<IReadOnlyList<string>> EverythingInAsync(string space)
    {
        string[] server = ["--kubeconfig", KubeConfig, "--namespace", space];
        var kinds = (await Command.RunAsync("kubectl", [.. server, "api-resources", "--namespaced", "--verbs=list", "-o", "name"], default))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(kind => !kind.StartsWith("events", StringComparison.Ordinal)).ToList();
        Assert.InRange(kinds.Count, 15, 200);
        var found = await Command.RunAsync("kubectl", [.. server, "get", string.Join(',', kinds), "--ignore-not-found", "-o", "name"], default);
        return [.. found.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(item => !Furniture().IsMatch(item))];
    }

    [GeneratedRegex(@"^(serviceaccount/(default|clonehub)|secret/(default|clonehub)-token-\w+|configmap/kube-root-ca\.crt|role(binding)?\.rbac\.authorization\.k8s\.io/.*)$")]
    private static partial Regex Furniture();

    /// <summary>Tells it to go, unless it goes already.</summary>
    public async Task DeleteNamespaceAsync(string name)
    {
        try
        {
            await Admin.CoreV1.DeleteNamespaceAsync(name);
        }
        catch (HttpOperationException going) when (going.Response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Conflict)
        {
            // That is what was wanted.
        }
        catch (HttpRequestException)
        {
            // A test that left no API server has failed, and what it says must not be hidden by this.
        }
    }

    public async Task DeleteServiceAsync(string space, string name)
    {
        try
        {
            await Admin.CoreV1.DeleteNamespacedServiceAsync(name, space);
        }
        catch (JsonException)
        {
            // Servers before 1.24 answer with a Status where the client expects the Service; it is deleted all the same.
        }
    }

    public Task DeleteAnchorAsync(string space, string name) => Admin.CoreV1.DeleteNamespacedConfigMapAsync(name, space);

    /// <summary>Name of the real image of a clone; built and loaded if need be.</summary>
    public async Task<string> CloneImageAsync()
    {
        if (_node is null) return Image;
        if (_cloneImage is not null) return _cloneImage;
        var archive = await CloneImageArchive.EnsureAsync(await Servers.CoreStoreAsync(), default);
        await _node.LoadAsync(archive, default);
        return _cloneImage = CloneImageArchive.NameIn(archive);
    }

    private void UseGiven()
    {
        KubeConfig = Environment.GetEnvironmentVariable("KUBECONFIG")!;
        Image = Environment.GetEnvironmentVariable("CLONEHUB_KUBE_IMAGE") ?? throw new InvalidOperationException("With KUBECONFIG, CLONEHUB_KUBE_IMAGE must name an image of a clone.");
        HostAddress = IPAddress.Parse(Environment.GetEnvironmentVariable("CLONEHUB_KUBE_HOST_IP") ?? throw new InvalidOperationException("With KUBECONFIG, CLONEHUB_KUBE_HOST_IP must be set."));
    }

    private async Task BringUpAsync()
    {
        // Not below the checkout: an overlay of the node's image store cannot lie on every file system.
        var folder = Directory.CreateTempSubdirectory("clonehub-kube-");
        _node = await SingleNode.UpAsync(folder, ServersFixture.Leash, default);
        (KubeConfig, HostAddress) = (_node.KubeConfig, _node.HostAddress);
        foreach (var archive in await StubImage.BuildAsync(folder.CreateSubdirectory("image"))) await _node.LoadAsync(archive, default);
    }
}

[CollectionDefinition(KubeCluster.Collection)]
public sealed class SharedCluster : ICollectionFixture<KubeCluster>;
