using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace CloneHub.Host;

/// <summary>What the program tells its operator: logs as JSON lines, traces and measurements to a collector if there is one.</summary>
internal static class Telemetry
{
    private const string Sources = "CloneHub.*";

    public static void AddLogs(this WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();
        builder.Logging.AddJsonConsole(console =>
        {
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
        });
    }

    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("clonehub"))
            .WithTracing(tracing => tracing.AddSource(Sources).AddAspNetCoreInstrumentation())
            .WithMetrics(metrics => metrics.AddMeter(Sources));

        // The name that OpenTelemetry itself gave this setting. Without it nothing is sent and nobody waits for a collector.
        if (!string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"])) telemetry.UseOtlpExporter();
    }
}
