using System.Globalization;
using CloneHub.Contracts;
using CloneHub.Dev.Servers;
using CloneHub.Provisioning.Database;
using CloneHub.Provisioning.Local;
using CloneHub.Provisioning.Steps;
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

    private LocalStage(ServersFixture servers, DirectoryInfo cores)
    {
        _servers = servers;
        _cores = cores;
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

    public static async Task<LocalStage> OpenAsync(ServersFixture servers) => new(servers, await servers.CoreStoreAsync());

    public T Get<T>()
        where T : notnull => _provider.GetRequiredService<T>();

    public ClonePaths PathsOf(CloneOrder order) => Layout.Of(order.Job);

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

    /// <summary>A new program over what the old one left: every object is made anew, processes and files stay.</summary>
    public async Task RestartAsync()
    {
        await _provider.DisposeAsync();
        _provider = Compose();
    }

    public string ConnectionStringOf(CloneOrder order, JobSecrets secrets) =>
        new MySqlConnectionStringBuilder(Get<CloneDatabase>().ConnectionStringOf(order.Job, secrets.DatabasePassword)) { Pooling = false }.ConnectionString;

    public async ValueTask DisposeAsync()
    {
        foreach (var order in _orders) await Get<ICloneInventory>().RemoveOrphanAsync(order.Job, default);
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
        };
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<IJobVault>(new OpenVault(() => Secrets));
        services.AddProvisioning(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        return services.BuildServiceProvider();
    }
}
