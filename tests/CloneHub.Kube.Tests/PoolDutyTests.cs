using System.Globalization;
using CloneHub.Dev.Servers;
using CloneHub.Kube.Tests.Cluster;
using CloneHub.Provisioning.Kubernetes.Manifests;
using CloneHub.Testing;
using k8s;
using MySqlConnector;

namespace CloneHub.Kube.Tests;

/// <summary>Two Hosts that form a cluster of their own, with one pool between them.</summary>
[Collection(KubeCluster.Collection)]
[Trait("Needs", "kube")]
public sealed class PoolDutyTests(KubeCluster cluster) : IAsyncLifetime
{
    private const int Size = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly HashSet<string> _seen = [];
    private string _space = "";

    public async Task InitializeAsync() => _space = await cluster.NewNamespaceAsync();

    public async Task DisposeAsync()
    {
        await cluster.Admin.CoreV1.DeleteNamespaceAsync(_space);
        await using var server = new MySqlConnection(cluster.MariaDb);
        await server.OpenAsync();
        foreach (var instance in _seen)
        {
            var user = "clone_" + instance["job-".Length..];
            await using var drop = new MySqlCommand(
                $"DROP DATABASE IF EXISTS {user}; DROP USER IF EXISTS '{user}'@'%'; DELETE FROM clonehub.instances WHERE instance = '{instance}'; DELETE FROM clonehub.clones WHERE job_id = '{instance}'",
                server);
            await drop.ExecuteNonQueryAsync();
        }
    }

    [KubeFact]
    public async Task Of_two_Hosts_one_looks_after_the_pool_and_the_other_only_when_that_one_has_ended()
    {
        int[] ports = [Ports.Free(), Ports.Free()];
        var settings = await SettingsAsync(ports[0]);
        await using var first = await StartAsync(ports[0]);
        await using var second = await StartAsync(ports[1]);
        await UntilAsync("the pool is full", async () => await ReadyAsync(first) + await ReadyAsync(second) == Size);
        await UntilAsync("it was looked after for a while", async () => await LooksAsync(first) + await LooksAsync(second) > 20);
        Assert.Equal(0, Math.Min(await LooksAsync(first), await LooksAsync(second)));

        var (onDuty, other) = await LooksAsync(first) > 0 ? (first, second) : (second, first);
        await onDuty.StopAsync();
        await UntilAsync("the other one looks after it", async () => await ReadyAsync(other) == Size);
        Assert.Equal(Size, _seen.Count);

        Task<HostProcess> StartAsync(int port) => HostProcess.StartAsync(
            cluster.Servers, new Dictionary<string, string>(settings) { ["CloneHub__Cluster__Port"] = port.ToString(CultureInfo.InvariantCulture) });
    }

    private async Task<Dictionary<string, string>> SettingsAsync(int founder)
    {
        var folder = cluster.Servers.NewFolder();
        var settings = new Dictionary<string, string>
        {
            ["CloneHub__Backend"] = "kubernetes",
            ["CloneHub__Kubernetes__KubeConfig"] = await RestrictedAccount.CreateAsync(cluster, _space, RestrictedAccount.Roles, folder),
            ["CloneHub__Kubernetes__Namespace"] = _space,
            ["CloneHub__Kubernetes__Image"] = cluster.Image,
            ["CloneHub__Kubernetes__MariaDb"] = cluster.MariaDb,
            ["CloneHub__Kubernetes__DatabaseAddress"] = cluster.DatabaseAddress,
            ["CloneHub__PostgreSql__ConnectionString"] = await cluster.Servers.NewPostgreSqlDatabaseAsync(),
            ["CloneHub__Redis__ConnectionString"] = cluster.Servers.NewRedisDatabase(),
            ["CloneHub__MasterKeyFile"] = Path.Combine(folder.FullName, "master.key"),
            ["CloneHub__Pool__Size"] = Size.ToString(CultureInfo.InvariantCulture),
            ["CloneHub__Pool__Interval"] = "00:00:00.2",
            ["CloneHub__Cluster__SeedNodes__0"] = string.Create(CultureInfo.InvariantCulture, $"akka.tcp://clonehub@127.0.0.1:{founder}"),
        };
        return settings;
    }

    /// <summary>Notes every instance that there is meanwhile.</summary>
    private Task UntilAsync(string what, Func<Task<bool>> isSo) => Eventually.Until(
        what,
        async () =>
        {
            var anchors = await cluster.Admin.CoreV1.ListNamespacedConfigMapAsync(_space, labelSelector: CloneLabels.Selector);
            _seen.UnionWith(anchors.Items.Select(anchor => anchor.Metadata.Name));
            return await isSo();
        },
        Patience);

    private static Task<double> ReadyAsync(HostProcess host) => FigureAsync(host, "clonehub_pool_instances", "state=\"ready\"");

    private static Task<double> LooksAsync(HostProcess host) => FigureAsync(host, "clonehub_pool_readings_total", "outcome=\"done\"");

    private static async Task<double> FigureAsync(HostProcess host, string name, string label)
    {
        var lines = (await host.Client.GetStringAsync(new Uri("metrics", UriKind.Relative))).Split('\n');
        var line = lines.LastOrDefault(line => line.StartsWith(name + "{", StringComparison.Ordinal) && line.Contains(label, StringComparison.Ordinal));
        return line is null ? 0 : double.Parse(line[(line.IndexOf('}', StringComparison.Ordinal) + 1)..].Trim().Split(' ')[0], CultureInfo.InvariantCulture);
    }
}
