using System.Net;
using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.Archive;
using CloneHub.Jobs.Callbacks;
using CloneHub.Jobs.Journal;
using CloneHub.Jobs.Vault;
using CloneHub.Testing;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace CloneHub.Jobs.Tests.Engine;

/// <summary>Redis and the event log as the engine sees them. One database serves all tests, as every job has an id of its own.</summary>
public sealed class Stores : IAsyncLifetime
{
    private static readonly ServersFixture Servers = new();
    private static readonly Lazy<Task<(string Database, ServiceProvider Services, IConnectionMultiplexer Redis)>> Shared = new(StartAsync);

    internal string PostgreSql { get; private set; } = "";

    internal IConnectionMultiplexer Redis { get; private set; } = null!;

    internal EventLog Log { get; private set; } = null!;

    internal IDocumentStore Documents { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        (PostgreSql, var services, Redis) = await Shared.Value;
        Log = services.GetRequiredService<EventLog>();
        Documents = services.GetRequiredService<IDocumentStore>();
    }

    public Task DisposeAsync() => Task.CompletedTask;

    /// <summary>A corner of Redis that no other test looks into.</summary>
    internal RedisOptions NewCorner() => new() { ConnectionString = Servers.Redis, KeyPrefix = Servers.NewRedisPrefix() };

    internal int RedisPort => ((IPEndPoint)Redis.GetEndPoints()[0]).Port;

    /// <summary>A connection of its own to the same Redis, over a line that can be cut.</summary>
    internal static async Task<IConnectionMultiplexer> ConnectRedisAsync(Relay line)
    {
        var options = RedisConnection.Parse(Servers.Redis);
        options.EndPoints.Clear();
        options.EndPoints.Add(IPAddress.Loopback, line.Port);
        return await ConnectionMultiplexer.ConnectAsync(options);
    }

    internal static string NewKeyFile(params int[] versions)
    {
        var path = Path.Combine(Servers.NewFolder().FullName, "master.key");
        File.WriteAllLines(path, versions.Select(v => $"{v}:{Convert.ToBase64String(Enumerable.Repeat((byte)v, 32).ToArray())}"));
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }

    internal static JobVault NewVault(JobStore store) => new(store, new SecretSealer(MasterKeys.LoadOrCreate(NewKeyFile(1))));

    /// <summary>Calls to owners on this machine.</summary>
    internal static CallbackSender NewCallbacks(IJobVault vault, TimeProvider clock, bool allowLoopback = true)
    {
        var signer = new CallbackSigner(MasterKeys.LoadOrCreate(NewKeyFile(1)));
        return new CallbackSender(vault, new CallbackHttp(signer, Options.Create(new JobsApiOptions { AllowLoopbackSources = allowLoopback }), clock));
    }

    /// <summary>The event log by another way, which can be cut.</summary>
    internal static ServiceProvider EventLogAt(string connectionString) =>
        new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddEventLog(connectionString, ownSchema: false).BuildServiceProvider();

    internal Task<IReadOnlyList<RecordedEvent>> ArchivedAsync(JobId job) => Log.ReadAsync(job, 0, CancellationToken.None);

    private static async Task<(string, ServiceProvider, IConnectionMultiplexer)> StartAsync()
    {
        await Servers.InitializeAsync();
        var database = await Servers.NewPostgreSqlDatabaseAsync();
        var services = EventLogAt(database);
        await services.GetRequiredService<IDocumentStore>().Storage.ApplyAllConfiguredChangesToDatabaseAsync();
        return (database, services, await RedisConnection.ConnectAsync(Servers.Redis));
    }
}
