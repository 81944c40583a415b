using System.Globalization;
using CloneHub.Contracts;
using CloneHub.Dev.Servers;
using CloneHub.Provisioning.Database;
using CloneHub.Provisioning.Local;
using CloneHub.Provisioning.Pool;
using CloneHub.Provisioning.Steps;
using CloneHub.Provisioning.Tests.FrontDoor;
using CloneHub.Provisioning.Tests.Pool;
using CloneHub.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using MySqlConnector;

namespace CloneHub.Provisioning.Tests.Local;

/// <summary>The local back end with folders of its own, over the shared MariaDB. Everything it started ends with it.</summary>
internal sealed class LocalStage : IAsyncDisposable
{
    private readonly ServersFixture _servers;
    private readonly DirectoryInfo _state;
    private readonly DirectoryInfo _sockets;
    private readonly DirectoryInfo _cores;
    private readonly List<CloneOrder> _orders = [];
    private ServiceProvider _provider;

    private readonly int _pool;

    private LocalStage(ServersFixture servers, DirectoryInfo cores, int pool)
    {
        (_servers, _cores, _pool) = (servers, cores, pool);
        _state = servers.NewFolder();
        _sockets = servers.Servers.Sockets.CreateSubdirectory(ServersFixture.Unique("c"));
        _provider = Compose();
    }

    public JobSecrets Secrets { get; set; } = TestJobs.NewSecrets();

    /// <summary>Where the public door has to listen.</summary>
    public int Port { get; } = Ports.Free();

    public ICloneBackend Backend => Get<ICloneBackend>();

    public LocalLayout Layout => Get<LocalLayout>();

    public IEnumerable<ICloneStep> Steps => _provider.GetServices<ICloneStep>();

    public CloneSupervisor Supervisor => ActivatorUtilities.CreateInstance<CloneSupervisor>(_provider);

    public FakeQueue Queue { get; } = new();

    /// <param name="pool">Instances that are kept ready, once the pool is looked after.</param>
    public static async Task<LocalStage> OpenAsync(ServersFixture servers, int pool = 0) => new(servers, await servers.CoreStoreAsync(), pool);

    public T Get<T>()
        where T : notnull => _provider.GetRequiredService<T>();

    public ClonePaths PathsOf(CloneOrder order) => Layout.Of(InstanceOf(order));

    /// <summary>Whatever bears the job's name, or what that leads to.</summary>
    public JobId InstanceOf(CloneOrder order) => new FileInfo(Layout.Of(order.Job).Folder).LinkTarget is { } folder ? JobId.Parse(Path.GetFileName(folder)) : order.Job;

    /// <summary>The instance that the job has claimed, whatever there is of it on disk.</summary>
    public JobId ClaimedBy(CloneOrder order)
    {
        using var server = new MySqlConnection(_servers.MariaDb);
        server.Open();
        using var query = new MySqlCommand("SELECT instance FROM clonehub.instances WHERE job_id = @job", server);
        query.Parameters.AddWithValue("@job", order.Job.Value);
        return query.ExecuteScalar() is string name ? JobId.Parse(name) : order.Job;
    }

    /// <summary>Looks after the pool until it is as it should be.</summary>
    public async Task FillPoolAsync()
    {
        var pool = Get<WarmPool>();
        await pool.LookAsync(default);
        await Eventually.Until("what was begun is made", () => !pool.IsMaking, TimeSpan.FromMinutes(1));
        await pool.LookAsync(default);
    }

    public async Task<IReadOnlyList<WarmInstance>> PoolAsync() => await Get<CloneInstances>().PoolAsync(Backend.Recipe.Place, default);

    public CloneOrder NewOrder(Uri? source = null)
    {
        var order = TestJobs.NewOrder(source);
        _orders.Add(order);
        return order;
    }

    /// <summary>A clone whose route is open and whose document root has the given files.</summary>
    public async Task<CloneOrder> ServeAsync(params (string Place, string Text)[] files)
    {
        var order = NewOrder();
        await Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 1), order, Secrets, default);
        await Backend.EnsurePodAsync(order.Token(CloneStep.StartPod, 2), order, Secrets, null, default);
        foreach (var (place, text) in files) Write(order, place, text);
        await Backend.OpenRouteAsync(order.Token(CloneStep.OpenIngress, 3), order, default);
        return order;
    }

    public void Write(CloneOrder order, string place, string text)
    {
        var path = Path.Combine(PathsOf(order).Www, place);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);

        // Core files are hard links: writing into one would change the store and every other clone.
        File.Delete(path);
        File.WriteAllText(path, text);
    }

    /// <summary>What nginx answers for a clone, without the front door.</summary>
    public async Task<string> GetAsync(CloneOrder order, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://nginx{path}"));
        request.Headers.Host = $"{order.Job}.localhost:{Port}";
        using var answer = await Get<NginxClient>().Http.SendAsync(request);
        return await answer.Content.ReadAsStringAsync();
    }

    /// <summary>What the clone's PHP says of itself.</summary>
    public async Task<string?> AskAsync(CloneOrder order)
    {
        if (!File.Exists(PathsOf(order).Socket)) return null;
        return await FastCgi.PingAsync(PathsOf(order).Socket, TimeProvider.System, default) == InstanceOf(order).Value ? order.Job.Value : null;
    }

    /// <summary>What the public gets.</summary>
    public async Task<string?> VisitAsync(CloneOrder order)
    {
        await using var door = await PublicDoor.OpenAsync(this);
        using var visitor = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(door.Urls.Single()));
        request.Headers.Host = $"{order.Job}.localhost:{Port}";
        using var answer = await visitor.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return text.Contains("CLONE_NOT_FOUND", StringComparison.Ordinal) ? null : text;
    }

    public async Task BreakAsync(CloneOrder order)
    {
        foreach (var process in PhpFpm.ProcessesOf(PathsOf(order))) Posix.Signal(process, Posix.Kill);
        await Eventually.Until("PHP is dead", () => PhpFpm.ProcessesOf(PathsOf(order)).Count == 0);
        File.Delete(PathsOf(order).RouteMark);
    }

    /// <summary>A new program over what the old one left: every object is made anew, processes and files stay.</summary>
    public async Task RestartAsync()
    {
        await _provider.DisposeAsync();
        _provider = Compose();
    }

    public string ConnectionStringOf(CloneOrder order, JobSecrets secrets) =>
        new MySqlConnectionStringBuilder(Get<CloneDatabase>().ConnectionStringOf(InstanceOf(order), secrets.DatabasePassword)) { Pooling = false }.ConnectionString;

    public async ValueTask DisposeAsync()
    {
        foreach (var order in _orders) await Get<ICloneInventory>().RemoveOrphanAsync(order.Job, default);
        foreach (var instance in await PoolAsync()) await Get<ICloneInventory>().RemoveOrphanAsync(instance.Name, default);
        await Get<Nginx>().StopAsync(default);
        await _provider.DisposeAsync();
        _state.Delete(recursive: true);
        _sockets.Delete(recursive: true);
    }

    private ServiceProvider Compose()
    {
        var settings = new Dictionary<string, string?>
        {
            ["CloneHub:Local:MariaDb"] = _servers.MariaDb,
            ["CloneHub:Local:StateDirectory"] = _state.FullName,
            ["CloneHub:Local:SocketDirectory"] = _sockets.FullName,
            ["CloneHub:Local:CoreStore"] = _cores.FullName,
            ["CloneHub:Local:PublicUrlTemplate"] = string.Create(CultureInfo.InvariantCulture, $"http://{{job_id}}.localhost:{Port}"),
            ["CloneHub:AllowLoopbackSources"] = "true",
            ["CloneHub:Pool:Size"] = _pool.ToString(CultureInfo.InvariantCulture),
        };
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<IQueueGauge>(Queue);
        services.AddSingleton<IJobVault>(new OpenVault(() => Secrets));
        services.AddProvisioning(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        return services.BuildServiceProvider();
    }
}
