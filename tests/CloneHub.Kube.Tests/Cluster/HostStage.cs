using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CloneHub.Dev.Host;
using CloneHub.Dev.Kube;
using CloneHub.Dev.WordPress;
using CloneHub.Testing;
using k8s;
using MySqlConnector;

namespace CloneHub.Kube.Tests.Cluster;

/// <summary>A running Host whose clones live in a namespace of its own, with a WordPress site to be cloned and an ingress controller in front.</summary>
internal sealed class HostStage : IAsyncDisposable
{
    private readonly KubeCluster _cluster;
    private readonly SourceSite _site;
    private readonly Forwarder _way;
    private readonly IngressController _ingress;
    private readonly List<string> _jobs = [];

    private HostStage(KubeCluster cluster, SourceSite site, Forwarder way, string space, IngressController ingress, HostProcess host) =>
        (_cluster, _site, _way, Namespace, _ingress, Host) = (cluster, site, way, space, ingress, host);

    public string Namespace { get; }

    public HostProcess Host { get; }

    /// <param name="changes">Settings on top of the usual ones, as environment variables.</param>
    public static async Task<HostStage> StartAsync(KubeCluster cluster, SiteContent content, params (string Name, string Value)[] changes)
    {
        var image = await cluster.CloneImageAsync();
        var site = await cluster.Servers.StartSiteAsync(
            new SourceSiteOptions { Name = ServersFixture.Unique("s"), Address = cluster.HostAddress.ToString(), Content = content });
        var way = new Forwarder(cluster.HostAddress, site.Url.Port);
        var space = await cluster.NewNamespaceAsync();
        var kubeConfig = await RestrictedAccount.CreateAsync(cluster, space, RestrictedAccount.Roles, cluster.Servers.NewFolder());
        var ingress = await IngressController.StartAsync(cluster.Admin, space);
        var settings = new Dictionary<string, string>
        {
            ["CloneHub__Backend"] = "kubernetes",
            ["CloneHub__AllowedSourceNetworks__0"] = $"{cluster.HostAddress}/32",
            ["CloneHub__Kubernetes__KubeConfig"] = kubeConfig,
            ["CloneHub__Kubernetes__Namespace"] = space,
            ["CloneHub__Kubernetes__Image"] = image,
            ["CloneHub__Kubernetes__MariaDb"] = cluster.MariaDb,
            ["CloneHub__Kubernetes__DatabaseAddress"] = cluster.DatabaseAddress,
            ["CloneHub__Kubernetes__IngressClass"] = IngressController.Class,
            ["CloneHub__Kubernetes__PublicUrlTemplate"] = string.Create(CultureInfo.InvariantCulture, $"http://{{job_id}}.localhost:{ingress.Port}"),
        };
        foreach (var (name, value) in changes) settings[name] = value;
        return new HostStage(cluster, site, way, space, ingress, await HostProcess.StartAsync(cluster.Servers, settings));
    }

    /// <summary>Asks for a clone of the site and answers the job's id.</summary>
    public async Task<string> RequestAsync(int ttlMinutes)
    {
        using var answer = await Host.Client.PostAsJsonAsync(
            new Uri("api/v2/clone", UriKind.Relative),
            new { source_url = _site.Url, source_username = _site.AdminUser, source_password = _site.AdminPassword, ttl_minutes = ttlMinutes });
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.Accepted, $"{answer.StatusCode}: {body}");
        var job = JsonDocument.Parse(body).RootElement.GetProperty("job_id").GetString()!;
        _jobs.Add(job);
        return job;
    }

    public Task<JsonElement> StatusAsync(string job) => Host.Client.GetFromJsonAsync<JsonElement>(new Uri($"api/v2/job-status/{job}", UriKind.Relative));

    /// <summary>Waits until an instance of the pool is ready.</summary>
    public Task WaitsInPoolAsync() => Eventually.Until(
        "an instance waits", async () => await FigureAsync("clonehub_pool_instances", "state=\"ready\"") == 1, TimeSpan.FromMinutes(3));

    /// <summary>Clones that have begun in one.</summary>
    public Task<double> WarmClaimsAsync() => FigureAsync("clonehub_pool_claims_total", "outcome=\"warm\"");

    private async Task<double> FigureAsync(string name, string label)
    {
        var lines = (await Host.Client.GetStringAsync(new Uri("metrics", UriKind.Relative))).Split('\n');
        var line = lines.LastOrDefault(line => line.StartsWith(name + "{", StringComparison.Ordinal) && line.Contains(label, StringComparison.Ordinal));
        return line is null ? 0 : double.Parse(line[(line.IndexOf('}', StringComparison.Ordinal) + 1)..].Trim().Split(' ')[0], CultureInfo.InvariantCulture);
    }

    /// <summary>Waits until a clone serves and answers its result.</summary>
    public async Task<JsonElement> ServesAsync(string job)
    {
        JsonElement last = default;
        await Eventually.Until(
            $"{job} serves",
            async () =>
            {
                last = await StatusAsync(job);
                var status = last.GetProperty("status").GetString();
                if (status is "failed" or "cancelled") Assert.Fail($"{last}\n{Host.Output}");
                return status == "completed";
            },
            TimeSpan.FromMinutes(4));
        return last.GetProperty("result");
    }

    public async Task RemoveAsync(string job)
    {
        using var removed = await Host.Client.DeleteAsync(new Uri($"api/v2/jobs/{job}", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Accepted, removed.StatusCode);
    }

    /// <summary>A visitor of the public, who keeps cookies.</summary>
    public static HttpClient Visitor(JsonElement result)
    {
        var visitor = LoopbackHttp.CreateClient(new Uri(result.GetProperty("clone_url").GetString()!));
        visitor.Timeout = TimeSpan.FromMinutes(4);
        return visitor;
    }

    /// <summary>Whatever there is of any of these jobs, in the cluster and on the database server.</summary>
    public async Task<IReadOnlyList<string>> LeftAsync(IReadOnlyCollection<string> jobs)
    {
        const string Clones = "app=wordpress-clone";
        var core = _cluster.Admin.CoreV1;
        var objects = new[]
        {
            (await core.ListNamespacedConfigMapAsync(Namespace, labelSelector: Clones)).Items.Select(item => $"ConfigMap {item.Metadata.Name}"),
            (await core.ListNamespacedSecretAsync(Namespace, labelSelector: Clones)).Items.Select(item => $"Secret {item.Metadata.Name}"),
            (await core.ListNamespacedPodAsync(Namespace)).Items.Select(item => $"Pod {item.Metadata.Name}"),
            (await core.ListNamespacedServiceAsync(Namespace)).Items.Select(item => $"Service {item.Metadata.Name}"),
            (await _cluster.Admin.AppsV1.ListNamespacedDeploymentAsync(Namespace)).Items.Select(item => $"Deployment {item.Metadata.Name}"),
            (await _cluster.Admin.AppsV1.ListNamespacedReplicaSetAsync(Namespace)).Items.Select(item => $"ReplicaSet {item.Metadata.Name}"),
            (await _cluster.Admin.NetworkingV1.ListNamespacedIngressAsync(Namespace)).Items.Select(item => $"Ingress {item.Metadata.Name}"),
        };
        var keys = jobs.Select(DatabaseOf).ToHashSet(StringComparer.Ordinal);
        var there = await ReadAsync("SELECT schema_name FROM information_schema.schemata UNION ALL SELECT user FROM mysql.user");
        return [.. objects.SelectMany(kind => kind), .. there.Where(keys.Contains).Select(name => $"database or user {name}")];
    }

    /// <summary>What connectors have left on the site.</summary>
    public IReadOnlyList<string> ConnectorsOnSource() =>
        [.. Directory.EnumerateFileSystemEntries(Path.Combine(_site.Root.FullName, "wp-content"), "*clonehub*", SearchOption.AllDirectories)];

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await _ingress.DisposeAsync();
        await _cluster.Admin.CoreV1.DeleteNamespaceAsync(Namespace);

        // The database server is shared with all other tests, some of which look for what is left there.
        foreach (var name in _jobs.Select(DatabaseOf)) await ReadAsync($"DROP DATABASE IF EXISTS {name}; DROP USER IF EXISTS '{name}'@'%'");
        await _way.DisposeAsync();
        await _site.DisposeAsync();
    }

    private static string DatabaseOf(string job) => "clone_" + job["job-".Length..];

    private async Task<List<string>> ReadAsync(string sql)
    {
        await using var server = new MySqlConnection(_cluster.MariaDb);
        await server.OpenAsync();
        await using var query = new MySqlCommand(sql, server);
        await using var rows = await query.ExecuteReaderAsync();
        var all = new List<string>();
        while (await rows.ReadAsync()) all.Add(rows.GetString(0));
        return all;
    }
}
