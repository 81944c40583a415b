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
    private const string DatabasesAndUsers = @"SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE 'clone\_%' UNION SELECT user FROM mysql.user WHERE user LIKE 'clone\_%'";

    /// <summary>No test that looks for what is left has a larger pool.</summary>
    private const int MostWaiting = 3;

    private readonly KubeCluster _cluster;
    private readonly SourceSite? _site;
    private readonly StubSource? _stub;
    private readonly Forwarder? _way;
    private readonly IngressController _ingress;
    private readonly IReadOnlyList<string> _before;

    private HostStage(KubeCluster cluster, SourceSite? site, StubSource? stub, Forwarder? way, Served served) =>
        (_cluster, _site, _stub, _way, Namespace, _ingress, Host, _before) = (cluster, site, stub, way, served.Space, served.Ingress, served.Host, served.Before);

    public string Namespace { get; }

    public HostProcess Host { get; }

    /// <summary>With pods that run <see cref="StubImage"/> and a source to match: everything is real but the content.</summary>
    public static async Task<HostStage> StartStubAsync(KubeCluster cluster, params (string Name, string Value)[] changes)
    {
        var stub = await StubSource.StartAsync(cluster.HostAddress);
        return new HostStage(cluster, null, stub, null, await ServeAsync(cluster, StubImage.Name, changes));
    }

    /// <param name="changes">Settings on top of the usual ones, as environment variables.</param>
    public static async Task<HostStage> StartAsync(KubeCluster cluster, SiteContent content, params (string Name, string Value)[] changes)
    {
        var image = await cluster.CloneImageAsync();
        var site = await cluster.Servers.StartSiteAsync(
            new SourceSiteOptions { Name = ServersFixture.Unique("s"), Address = cluster.HostAddress.ToString(), Content = content });
        var way = new Forwarder(cluster.HostAddress, site.Url.Port);
        return new HostStage(cluster, site, null, way, await ServeAsync(cluster, image, changes));
    }

    private static async Task<Served> ServeAsync(KubeCluster cluster, string image, (string Name, string Value)[] changes)
    {
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
        var before = await ReadAsync(cluster, DatabasesAndUsers);
        return new Served(space, ingress, await HostProcess.StartAsync(cluster.Servers, settings), before);
    }

    /// <summary>Asks for a clone of the site and answers the job's id.</summary>
    public async Task<string> RequestAsync(int ttlMinutes)
    {
        using var answer = await Host.Client.PostAsJsonAsync(
            new Uri("api/v2/clone", UriKind.Relative),
            new { source_url = _site?.Url ?? _stub!.Url, source_username = _site?.AdminUser, source_password = _site?.AdminPassword, ttl_minutes = ttlMinutes });
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.Accepted, $"{answer.StatusCode}: {body}");
        return JsonDocument.Parse(body).RootElement.GetProperty("job_id").GetString()!;
    }

    /// <summary>The statuses of the newest two hundred, by job.</summary>
    public async Task<IReadOnlyDictionary<string, JsonElement>> JobsAsync()
    {
        using var answer = await AskAsync(HttpMethod.Get, "api/v2/jobs?limit=200");
        var list = await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>();
        return list.GetProperty("jobs").EnumerateArray().ToDictionary(job => job.GetProperty("job_id").GetString()!);
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
        using var removed = await AskAsync(HttpMethod.Delete, $"api/v2/jobs/{job}");
        Assert.Equal(HttpStatusCode.Accepted, removed.StatusCode);
    }

    /// <summary>Asks again for as long as it is told to come later.</summary>
    private Task<HttpResponseMessage> AskAsync(HttpMethod method, string path) => Eventually.Get(
        $"{method} {path} is answered",
        async () =>
        {
            using var question = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
            var answer = await Host.Client.SendAsync(question);
            if (answer is not { StatusCode: HttpStatusCode.ServiceUnavailable, Headers.RetryAfter: not null }) return answer;
            answer.Dispose();
            return null;
        },
        TimeSpan.FromMinutes(3));

    /// <summary>A visitor of the public, who keeps cookies.</summary>
    public static HttpClient Visitor(JsonElement result)
    {
        var visitor = LoopbackHttp.CreateClient(new Uri(result.GetProperty("clone_url").GetString()!));
        visitor.Timeout = TimeSpan.FromMinutes(4);
        return visitor;
    }

    /// <summary>Whatever has come to the cluster and to the database server since the start, and is nothing that waits in the pool.</summary>
    public async Task<IReadOnlyList<string>> LeftAsync()
    {
        var waiting = (await ReadAsync("SELECT instance FROM clonehub.instances WHERE job_id IS NULL")).ToHashSet(StringComparer.Ordinal);
        var left = await EverythingAsync();
        Assert.InRange(waiting.Count, 0, MostWaiting);
        return [.. left.Where(what => !waiting.Any(instance => what.Contains(instance, StringComparison.Ordinal) || what.EndsWith(DatabaseOf(instance), StringComparison.Ordinal)))];
    }

    /// <summary>As <see cref="LeftAsync"/>, and what waits in the pool.</summary>
    public async Task<IReadOnlyList<string>> EverythingAsync() =>
    [
        .. await _cluster.EverythingInAsync(Namespace),
        .. (await ReadAsync(DatabasesAndUsers)).Except(_before).Select(name => $"database or user {name}"),
    ];

    /// <summary>The instance that serves a job: one of the pool, or its own, which has its name.</summary>
    public async Task<string> InstanceOfAsync(string job) => (await ReadAsync($"SELECT instance FROM clonehub.instances WHERE job_id = '{job}'")).FirstOrDefault() ?? job;

    /// <summary>What connectors have left on the site.</summary>
    public IReadOnlyList<string> ConnectorsOnSource() =>
        _site is null ? [] : [.. Directory.EnumerateFileSystemEntries(Path.Combine(_site.Root.FullName, "wp-content"), "*clonehub*", SearchOption.AllDirectories)];

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await _ingress.DisposeAsync();
        await _cluster.DeleteNamespaceAsync(Namespace);

        // The database server is shared with all other tests, some of which look for what is left there.
        foreach (var name in (await ReadAsync(DatabasesAndUsers)).Except(_before)) await ReadAsync($"DROP DATABASE IF EXISTS {name}; DROP USER IF EXISTS '{name}'@'%'");
        if (_way is not null) await _way.DisposeAsync();
        if (_site is not null) await _site.DisposeAsync();
        if (_stub is not null) await _stub.DisposeAsync();
    }

    private static string DatabaseOf(string job) => "clone_" + job["job-".Length..];

    private Task<List<string>> ReadAsync(string sql) => ReadAsync(_cluster, sql);

    private static async Task<List<string>> ReadAsync(KubeCluster cluster, string sql)
    {
        await using var server = new MySqlConnection(cluster.MariaDb);
        await server.OpenAsync();
        await using var query = new MySqlCommand(sql, server);
        await using var rows = await query.ExecuteReaderAsync();
        var all = new List<string>();
        while (await rows.ReadAsync()) all.Add(rows.GetString(0));
        return all;
    }

    private sealed record Served(string Space, IngressController Ingress, HostProcess Host, IReadOnlyList<string> Before);
}
