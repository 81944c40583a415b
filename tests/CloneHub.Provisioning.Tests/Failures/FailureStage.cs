using CloneHub.Contracts;
using CloneHub.Dev.WordPress;
using CloneHub.Jobs;
using CloneHub.Provisioning.Database;
using CloneHub.Provisioning.Local;
using CloneHub.Provisioning.Steps;
using CloneHub.Provisioning.Tests.Local;
using CloneHub.Provisioning.Tests.Steps;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.PublicSite;
using CloneHub.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using MySqlConnector;
using Xunit.Sdk;

namespace CloneHub.Provisioning.Tests.Failures;

/// <summary>Everything a failure needs to happen: one hostile host, one hostile site behind it, one back end. Steps run as jobs run them.</summary>
public sealed class FailureStage : IAsyncLifetime
{
    private const string OperatorPassword = "operator-password";
    private static readonly SourceOptions Loopback = new() { AllowLoopback = true };

    private readonly ServersFixture _servers = new();
    private SourceSite _site = null!;
    private LocalStage _local = null!;
    private JobSecrets _secrets = null!;

    internal HostileHost Host { get; private set; } = null!;

    /// <summary>What no message may hold.</summary>
    internal string[] Secrets =>
    [
        OperatorPassword, _site.AdminPassword, _secrets.ClonePassword.Reveal(), _secrets.DatabasePassword.Reveal(), _secrets.ConnectorKey.Reveal(), "edit-me-again", "wrong-password",
    ];

    /// <summary>Whether this process can make a full disk.</summary>
    internal bool HasFullDisks { get; private set; }

    public async Task InitializeAsync()
    {
        await _servers.InitializeAsync();
        await using (var disk = await FullDisk.MountAsync(_servers.NewFolder().FullName, "size=4k")) HasFullDisks = disk is not null;
        Host = await HostileHost.StartAsync();
        Host.Site = _site = await _servers.StartSiteAsync(HostileSite.Options());
        await HostileSite.ArrangeAsync(_site, Host.AuthorityOf("network"));
        _local = await LocalStage.OpenAsync(_servers);
        _secrets = _local.Secrets with { SourceUsername = _site.AdminUser, SourcePassword = new Secret(_site.AdminPassword) };
    }

    public async Task DisposeAsync()
    {
        await _local.DisposeAsync();
        await Host.DisposeAsync();
        await _site.DisposeAsync();
    }

    /// <summary>A clone of the site behind, which plays a scene.</summary>
    internal Task<CloneJob> SceneAsync(string name) => ConnectAsync(Host.Scene(name));

    /// <summary>A clone of the site behind, by another log-in.</summary>
    internal Task<CloneJob> LogInAsync(string username, string password) =>
        ConnectAsync(Host.Scene("plain"), _secrets with { SourceUsername = username, SourcePassword = new Secret(password) });

    /// <summary>A clone of a host that answers in its own way.</summary>
    internal Task<CloneJob> AnsweredAsync(RequestDelegate answer, TimeProvider? clock = null) => ConnectAsync(Host.Answering(answer), clock: clock);

    /// <summary>A clone of a host that passes on all but some requests.</summary>
    internal Task<CloneJob> ExceptAsync(Func<HttpRequest, bool> which, RequestDelegate answer) =>
        AnsweredAsync(context => which(context.Request) ? answer(context) : Host.PassAsync(context));

    internal Task<CloneJob> ConnectAsync(Uri source, JobSecrets? secrets = null, TimeProvider? clock = null) =>
        StepAsync(new RecordingBackend(), TestJobs.NewOrder(source), secrets ?? _secrets, clock ?? TimeProvider.System);

    /// <summary>A clone without credentials of the site behind. Pauses between two tries are over at once.</summary>
    internal Task<CloneJob> VisitAsync(Uri source) =>
        StepAsync(new RecordingBackend(), TestJobs.NewOrder(source) with { Fidelity = CloneFidelity.Public }, _secrets, NewHaste());

    internal Task<CloneJob> VisitAsync(string scene) => VisitAsync(Host.Scene(scene));

    /// <summary>An import from a host that lets the connector in and answers some of its calls itself.</summary>
    internal Task<CloneJob> ImportAsync(string op, RequestDelegate answer, string? otherOp = null, RequestDelegate? other = null) =>
        ImportAsync(Host.Answering(context => context.Request.Headers["X-CloneHub-Op"].ToString() switch
        {
            { } asked when asked == op => answer(context),
            { } asked when asked == otherOp => other!(context),
            _ => Host.PassAsync(context),
        }));

    internal async Task<CloneJob> ImportAsync(Uri source, CloneFidelity fidelity = CloneFidelity.Full, Func<CloneOrder, Task>? meanwhile = null)
    {
        var order = _local.NewOrder(source) with { Fidelity = fidelity };
        await _local.Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 1), order, _secrets, default);
        await _local.Backend.EnsurePodAsync(order.Token(CloneStep.StartPod, 2), order, _secrets, null, default);
        if (meanwhile is not null) await meanwhile(order);
        return await StepAsync(_local.Backend, order, _secrets, NewHaste());
    }

    /// <summary>An import into a folder that has no room.</summary>
    internal async Task<CloneJob> ImportOnFullDiskAsync()
    {
        FullDisk? disk = null;
        try
        {
            return await ImportAsync(Host.Scene("plain"), meanwhile: async order => disk = await FullDisk.MountAsync(_local.PathsOf(order).Www, "size=256k"));
        }
        finally
        {
            if (disk is not null) await disk.DisposeAsync();
        }
    }

    /// <summary>A start where not even a folder can be made.</summary>
    internal async Task<CloneJob> StartOnFullDiskAsync()
    {
        var order = _local.NewOrder();
        await _local.Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 1), order, _secrets, default);
        await using var disk = await FullDisk.MountAsync(_local.PathsOf(order).Folder, "nr_inodes=2");
        var step = new StartPod(_local.Backend, new OpenVault(() => _secrets));
        return await FailAsync(step, order.Token(step.Kind, 2), order);
    }

    /// <summary>An import during which MariaDB says that its disk is full.</summary>
    internal Task<CloneJob> ImportIntoFullDatabaseAsync()
    {
        var backend = new RecordingBackend(() => QueryAsync("SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1021, MESSAGE_TEXT = 'Disk full'"));
        return StepAsync(backend, TestJobs.NewOrder(Host.Scene("plain")), _secrets, TimeProvider.System);
    }

    /// <summary>An import while somebody takes the clone's database user away; before it began the step would have put that right.</summary>
    internal Task<CloneJob> ImportWithoutDatabaseUserAsync() => ImportAsync("schema", async context =>
    {
        await QueryAsync($"DROP USER IF EXISTS '{CloneDatabase.NameOf(JobId.Parse(context.Request.Headers["X-CloneHub-Job"].ToString()))}'@'localhost'");
        await Host.PassAsync(context);
    });

    /// <summary>A clone in which nothing was imported is asked for its plugin.</summary>
    internal async Task<CloneJob> ActivateNothingAsync()
    {
        var order = _local.NewOrder();
        await _local.Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 1), order, _secrets, default);
        var step = new ActivatePlugin(_local.Backend, new OpenVault(() => _secrets));
        return await FailAsync(step, order.Token(step.Kind, 2), order);
    }

    /// <summary>A job whose secrets are gone.</summary>
    internal Task<CloneJob> WithoutSecretsAsync()
    {
        var order = TestJobs.NewOrder(Host.Scene("plain"));
        var step = new CreateDatabase(new RecordingBackend(), new OpenVault(() => null));
        return FailAsync(step, order.Token(step.Kind, 1), order);
    }

    /// <summary>A back end whose MariaDB is away, or lets nobody in.</summary>
    internal async Task<CloneJob> WithDatabaseServerAsync(string address)
    {
        var settings = new Dictionary<string, string?>
        {
            ["CloneHub:Local:MariaDb"] = $"{address};User ID=operator;Password={OperatorPassword}",
            ["CloneHub:Local:StateDirectory"] = _servers.NewFolder().FullName,
            ["CloneHub:Local:SocketDirectory"] = _servers.Servers.Sockets.FullName,
        };
        await using var services = new ServiceCollection().AddLogging().AddSingleton<IJobVault>(new OpenVault(() => _secrets))
            .AddProvisioning(new ConfigurationBuilder().AddInMemoryCollection(settings).Build()).BuildServiceProvider();
        var order = TestJobs.NewOrder();
        var step = services.GetServices<ICloneStep>().Single(step => step.Kind is CloneStep.CreateDatabase);
        return await FailAsync(step, order.Token(step.Kind, 1), order);
    }

    internal string DatabaseSocket => $"Server={new MySqlConnectionStringBuilder(_servers.MariaDb).Server};Protocol=Unix";

    private async Task QueryAsync(string sql)
    {
        await using var connection = new MySqlConnection(_servers.MariaDb);
        await connection.OpenAsync();
        await using var command = new MySqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static HastyTime NewHaste() => new(TimeSpan.FromSeconds(13));

    private static Task<CloneJob> StepAsync(ICloneBackend backend, CloneOrder order, JobSecrets secrets, TimeProvider clock)
    {
        var step = new ImportContent(
            backend, new OpenVault(() => secrets), new SourceConnector(Loopback, clock, NullLogger<SourceConnector>.Instance),
            new PublicSources(Loopback, clock), clock, NullLogger<ImportContent>.Instance);
        return FailAsync(step, order.Token(step.Kind, 3), order);
    }

    /// <summary>Runs a step as the runner does, and its job until it rests.</summary>
    private static async Task<CloneJob> FailAsync(ICloneStep step, StepToken token, CloneOrder order)
    {
        try
        {
            await step.RunAsync(token, order, new Progress<ContentProgress>(), default);
        }
        catch (Exception trouble) when (trouble is not XunitException)
        {
            return FailingJob.With(step.Kind, StepFaults.Of(trouble));
        }

        throw new XunitException($"{step.Kind} succeeded.");
    }
}
