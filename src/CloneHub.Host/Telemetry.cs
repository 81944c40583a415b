using System.Diagnostics.Metrics;
using CloneHub.Cleanup;
using CloneHub.Contracts;
using CloneHub.Jobs;
using CloneHub.Jobs.Api;
using CloneHub.Provisioning;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace CloneHub.Host;

/// <summary>What the program tells its operator: logs as JSON lines, figures at /metrics, traces and figures to a collector if there is one.</summary>
internal static class Telemetry
{
    public const string Metrics = "/metrics";

    /// <summary>
    /// Combinations of tags of one figure. OpenTelemetry makes room for all of them at once: for its usual 2,000 these are 170 KB, of each of a hundred figures, of
    /// which most have one or a few.
    /// </summary>
    private const int MostSeries = 200;

    private static readonly string[] OwnTraces = [JobsModule.Telemetry, ProvisioningModule.Telemetry];
    private static readonly string[] OwnFigures = [JobsModule.Telemetry, ProvisioningModule.Telemetry, CleanupModule.Telemetry, HealthFigures.Meter];

    public static void AddLogs(this WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();
        builder.Logging.Configure(logging => logging.ActivityTrackingOptions = ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId);
        builder.Logging.AddJsonConsole(console =>
        {
            console.IncludeScopes = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
        });
    }

    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("clonehub"))
            .WithTracing(tracing => tracing.AddSource(OwnTraces).AddAspNetCoreInstrumentation(requests => requests.Filter = IsWorthATrace))
            .WithMetrics(metrics => metrics.AddMeter(OwnFigures).AddMeter("System.Runtime").AddAspNetCoreInstrumentation()
                .AddView(RoomFor)
                .AddPrometheusExporter(prometheus => prometheus.ScrapeEndpointPath = Metrics));
        builder.Services.AddSingleton<IHealthCheckPublisher, HealthFigures>();
        builder.Services.Configure<HealthCheckPublisherOptions>(publisher => publisher.Predicate = check => check.Tags.Contains(Health.Ready));

        // The name that OpenTelemetry itself gave this setting. Without it nothing is sent and nobody waits for a collector.
        if (!string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"])) telemetry.UseOtlpExporter();
    }

    /// <summary>Figures for Prometheus. As open as /health: they tell how much happens, and of no tenant, job or site.</summary>
    public static void MapMetrics(this WebApplication app) => app.MapPrometheusScrapingEndpoint().DisableHttpMetrics();

    /// <summary>The one figure that has a series for each route, method and status keeps the usual room.</summary>
    private static MetricStreamConfiguration? RoomFor(Instrument figure) =>
        figure.Name == "http.server.request.duration" ? null : new MetricStreamConfiguration { CardinalityLimit = MostSeries };

    /// <summary>Who looks every few seconds whether all is well would bury what is looked for, and so would the visitors of clones.</summary>
    internal static bool IsWorthATrace(HttpContext context) =>
        !context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal)
        && !context.Request.Path.StartsWithSegments(Metrics, StringComparison.Ordinal)
        && !context.Request.Path.StartsWithSegments(JobsApi.Queue, StringComparison.Ordinal)
        && !IsOfClone(context.Request.Host.Host);

    /// <summary>The host of a clone begins with its job's id.</summary>
    private static bool IsOfClone(string host) => JobId.TryParse(host.Split('.')[0].ToLowerInvariant(), out _);
}

/// <summary>What /health/ready says, as figures: 1 for a part that is well, 0.5 for one without which work waits, 0 for one that is missing.</summary>
internal sealed class HealthFigures : IHealthCheckPublisher
{
    public const string Meter = "CloneHub.Host";

    private readonly Gauge<double> _status;

    public HealthFigures(IMeterFactory meters) =>
        _status = meters.Create(Meter).CreateGauge<double>("clonehub.health.status", "1", "1 healthy, 0.5 degraded, 0 unhealthy, by part.");

    public Task PublishAsync(HealthReport report, CancellationToken cancellationToken)
    {
        foreach (var (name, entry) in report.Entries) _status.Record((int)entry.Status / 2.0, new KeyValuePair<string, object?>("check", name));
        return Task.CompletedTask;
    }
}
