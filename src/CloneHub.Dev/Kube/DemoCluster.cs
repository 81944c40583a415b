using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using CloneHub.Dev.Processes;
using MySqlConnector;

namespace CloneHub.Dev.Kube;

/// <summary>
/// Where the clones of a demo live: a namespace of its own, in the cluster that KUBECONFIG names or on a single node of our own. It goes with the demo. Pods
/// reach the servers of this machine, which listen on the loopback interface only, through forwarders.
/// </summary>
internal sealed class DemoCluster : IAsyncDisposable
{
    private readonly List<Forwarder> _forwarders = [];
    private SingleNode? _node;
    private string _image = "";

    /// <summary>Namespace of the clones.</summary>
    public string Space { get; } = $"clonehub-demo-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(3))}";

    public string KubeConfig { get; private set; } = "";

    /// <summary>This machine as pods see it.</summary>
    public IPAddress HostAddress { get; private set; } = IPAddress.Loopback;

    public static async Task<DemoCluster> OpenAsync(Installation installation, IProgress<string> progress, CancellationToken ct)
    {
        var cluster = new DemoCluster();
        try
        {
            if (Surroundings.Of("KUBECONFIG") is { } given) cluster.Use(given);
            else await cluster.BringUpAsync(installation, progress, ct);
            await cluster.RunAsync(["create", "namespace", cluster.Space], ct);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Where the API server writes down every request from now on; null for a cluster of somebody else's.</summary>
    public async Task<FileInfo?> AuditAsync(CancellationToken ct) => _node is null ? null : await _node.AuditAsync(ct);

    /// <summary>Lets pods reach a port of this machine's loopback interface.</summary>
    public void Lead(int port) => _forwarders.Add(new Forwarder(HostAddress, port));

    /// <summary>Has the installation's Host put its clones here. The public comes through its own door, so no ingress controller is needed.</summary>
    public void Serve(Installation installation)
    {
        var mariaDb = installation.Servers.MariaDbTcpConnectionString;
        var port = (int)new MySqlConnectionStringBuilder(mariaDb).Port;
        Lead(port);
        installation.Changes["CloneHub__Backend"] = "kubernetes";
        installation.Changes["CloneHub__AllowedSourceNetworks__0"] = $"{HostAddress}/32";
        installation.Changes["CloneHub__Kubernetes__KubeConfig"] = KubeConfig;
        installation.Changes["CloneHub__Kubernetes__Namespace"] = Space;
        installation.Changes["CloneHub__Kubernetes__Image"] = _image;
        installation.Changes["CloneHub__Kubernetes__MariaDb"] = mariaDb;
        installation.Changes["CloneHub__Kubernetes__DatabaseAddress"] = string.Create(CultureInfo.InvariantCulture, $"{HostAddress}:{port}");
        installation.Changes["CloneHub__Kubernetes__Route"] = "router";
    }

    public async ValueTask DisposeAsync()
    {
        if (_node is not null) await _node.DisposeAsync();
        else if (KubeConfig.Length > 0) await RunAsync(["delete", "namespace", Space, "--ignore-not-found", "--wait=false"], CancellationToken.None);
        foreach (var forwarder in _forwarders) await forwarder.DisposeAsync();
    }

    private void Use(string kubeConfig)
    {
        KubeConfig = kubeConfig;
        _image = Surroundings.Of("CLONEHUB_KUBE_IMAGE") ?? throw new SetUpException("With KUBECONFIG, CLONEHUB_KUBE_IMAGE must name an image of a clone that the cluster can pull.");
        HostAddress = IPAddress.TryParse(Surroundings.Of("CLONEHUB_KUBE_HOST_IP"), out var address)
            ? address
            : throw new SetUpException("With KUBECONFIG, CLONEHUB_KUBE_HOST_IP must be the address of this machine as its pods see it.");
    }

    private async Task BringUpAsync(Installation installation, IProgress<string> progress, CancellationToken ct)
    {
        if (SingleNode.WhyNot is { } why) throw new SetUpException(why);
        await SingleNode.DownAnywayAsync(installation.NodeFolder, ct);
        progress.Report("Starting a Kubernetes cluster of one node.");
        _node = await SingleNode.UpAsync(Directory.CreateDirectory(installation.NodeFolder.FullName), installation.Leash, ct);
        progress.Report("Building the image of clones; what has not changed is kept.");
        var archive = await CloneImageArchive.EnsureAsync(installation.Core.Parent!, ct);
        await _node.LoadAsync(archive, ct);
        (KubeConfig, _image, HostAddress) = (_node.KubeConfig, CloneImageArchive.NameIn(archive), _node.HostAddress);
    }

    private Task<string> RunAsync(string[] arguments, CancellationToken ct) => Command.RunAsync("kubectl", ["--kubeconfig", KubeConfig, .. arguments], ct);
}
