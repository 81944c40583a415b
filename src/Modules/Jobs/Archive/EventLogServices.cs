using CloneHub.Jobs.GetJobStatus;
using CloneHub.Jobs.Projections;
using CloneHub.Jobs.Reporting;
using JasperFx;
using JasperFx.Events;
using JasperFx.Events.Projections;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using Weasel.Core;

namespace CloneHub.Jobs.Archive;

internal static class EventLogServices
{
    /// <summary>The event log and its projections. The schema is changed by <c>CloneHub.Host migrate</c>, or at start in development.</summary>
    public static IServiceCollection AddEventLog(this IServiceCollection services, string connectionString, bool ownSchema, bool drivesJobs = true)
    {
        services.AddSingleton(_ => Database(connectionString));
        services.AddMarten(provider =>
        {
            var options = new StoreOptions { DatabaseSchemaName = EventLog.Schema, AutoCreateSchemaObjects = AutoCreate.None };
            Configure(options);
            return options;
        }).UseNpgsqlDataSource().UseLightweightSessions();
        if (ownSchema) services.AddHostedService<SchemaAtStart>();
        services.AddSingleton<EventLog>();
        services.AddSingleton<ArchiveLag>();
        services.AddProjections(drivesJobs);
        if (!drivesJobs) return services;
        services.AddHostedService<ArchiveGuard>();
        services.AddHealthChecks().AddCheck<EventLogHealth>("postgresql", tags: ["ready"]);
        return services;
    }

    /// <summary>
    /// A node that stands still within a transaction, or whose machine is gone, would hold up whoever writes the same job's events for as long: PostgreSQL ends its session. Said when the
    /// session begins, because the pool resets what is said later.
    /// </summary>
    internal static NpgsqlDataSource Database(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        settings.Options = $"-c idle_in_transaction_session_timeout=10s {settings.Options}".TrimEnd();
        return NpgsqlDataSource.Create(settings);
    }

    private static void Configure(StoreOptions options)
    {
        options.UseSystemTextJsonForSerialization(EnumStorage.AsString, Casing.CamelCase, json => EventJson.Configure(json));
        options.Events.StreamIdentity = StreamIdentity.AsString;
        options.Events.AppendMode = EventAppendMode.QuickWithServerTimestamps;
        options.Events.UseListenNotifyForEventAppends = true;
        foreach (var (type, name) in EventNames.Entries) options.Events.MapEventType(type, name);
        options.Projections.Add<JobStatusProjection>(ProjectionLifecycle.Inline);
        // Each index ends in the order of lists, so that a page is read off it. What jobs are listed by hardly changes: most updates touch no index.
        options.Schema.For<JobStatusView>().DocumentAlias("job_status")
            .Duplicate(v => v.Tenant!)
            .Duplicate(v => v.CustomerId!)
            .Duplicate(v => v.Status!)
            .Duplicate(v => v.CreatedAt)
            .Index([v => v.Tenant!, v => v.CreatedAt, v => v.Id], index => index.Name = "job_status_by_tenant")
            .Index([v => v.Tenant!, v => v.CustomerId!, v => v.CreatedAt, v => v.Id], index => index.Name = "job_status_by_customer")
            .Index([v => v.Tenant!, v => v.Status!, v => v.CreatedAt, v => v.Id], index => index.Name = "job_status_by_status");
        options.AddReports();
        RebuildMark.Map(options);
    }
}
