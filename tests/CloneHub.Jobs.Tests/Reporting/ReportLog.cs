using System.Globalization;
using CloneHub.Contracts;
using CloneHub.Jobs.Archive;
using CloneHub.Jobs.Projections;
using CloneHub.Jobs.Reporting;
using CloneHub.Jobs.Tests.Engine;
using CloneHub.Testing;
using JasperFx.Events.Daemon;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace CloneHub.Jobs.Tests.Reporting;

/// <summary>An event log of a test's own, because reports are about all that is in it.</summary>
internal sealed class ReportLog : IAsyncDisposable
{
    private static readonly ServersFixture Servers = new();
    private readonly ServiceProvider _services;
    private readonly string _connection;

    private ReportLog(string connection) => (_connection, _services) = (connection, Stores.EventLogAt(connection));

    public EventLog Log => Get<EventLog>();

    public ReportReader Reports => Get<ReportReader>();

    public ProjectionRunner Runner => Get<ProjectionRunner>();

    public IDocumentStore Documents => Get<IDocumentStore>();

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    public static async Task<ReportLog> NewAsync()
    {
        await Servers.InitializeAsync();
        var log = new ReportLog(await Servers.NewPostgreSqlDatabaseAsync());
        await log.Documents.Storage.ApplyAllConfiguredChangesToDatabaseAsync();
        return log;
    }

    /// <summary>Another node on the same log.</summary>
    public ReportLog Again() => new(_connection);

    /// <summary>Writes the jobs as they would come: a few events of many jobs at a time.</summary>
    public async Task AppendAsync(IReadOnlyList<(JobId Job, IReadOnlyList<RecordedEvent> Events)> jobs, int atATime = 3)
    {
        for (var first = 1; jobs.Any(j => j.Events.Count >= first); first += atATime)
        {
            var entries = jobs.Where(j => j.Events.Count >= first).Select(j => Histories.Entry(j.Job, j.Events, first, first + atATime - 1)).ToList();
            Assert.All(await Log.AppendAsync(entries, CancellationToken.None), r => Assert.Equal(ArchiveOutcome.Stored, r.Outcome));
        }
    }

    public async Task CatchUpAsync()
    {
        using var daemon = await Documents.BuildProjectionDaemonAsync();
        await daemon.CatchUpAsync(TimeSpan.FromMinutes(1), CancellationToken.None);
    }

    public Task UntilCaughtUpAsync() => Eventually.Until(
        "the reports know all events",
        async () => (await Get<ProjectionProgress>().OfAsync(ReportsProjection.ProjectionName, CancellationToken.None)).OldestWaiting is null,
        TimeSpan.FromSeconds(60));

    /// <summary>Every document of a table as PostgreSQL prints it.</summary>
    public async Task<IReadOnlyList<string>> DumpAsync(string table)
    {
        await using var command = Get<NpgsqlDataSource>().CreateCommand($"select id || ' ' || data::text from {EventLog.Schema}.{table} order by id");
        await using var reader = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await reader.ReadAsync()) lines.Add(reader.GetString(0));
        return lines;
    }

    public async Task<IReadOnlyList<string>> DumpAsync() =>
        [.. await DumpAsync(ReportsSchema.Days), .. await DumpAsync(ReportsSchema.Jobs), .. await DumpAsync("mt_doc_job_status")];

    public async Task<int> ExecuteAsync(string sql)
    {
        await using var command = Get<NpgsqlDataSource>().CreateCommand(sql);
        return await command.ExecuteNonQueryAsync();
    }

    public async Task<long> CountAsync(string sql)
    {
        await using var command = Get<NpgsqlDataSource>().CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    public static ReportQuery Query(string from, string to, string tenant = "acme", string? customer = null, params string[] groups) =>
        new(tenant, DateOnly.Parse(from, CultureInfo.InvariantCulture), DateOnly.Parse(to, CultureInfo.InvariantCulture), customer, groups);

    public async ValueTask DisposeAsync()
    {
        await Runner.StopAsync(CancellationToken.None);
        await _services.DisposeAsync();
    }
}
