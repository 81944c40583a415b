using Akka.Actor;
using Akka.Hosting;
using CloneHub.Contracts;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CloneHub.Cleanup;

/// <summary>The module that decides when a clone must go.</summary>
public static class CleanupModule
{
    /// <summary>Name of this module's Meter.</summary>
    public const string Telemetry = CleanupTelemetry.Name;

    public static IServiceCollection AddCleanup(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<CleanupOptions>().Bind(configuration.GetSection(CleanupOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<CleanupOptions>, CleanupOptionsCheck>();
        services.AddSingleton<OrphanSweep>();
        services.AddHostedService<PeriodicSweep>();
        return services;
    }

    /// <summary>The clock of expiries. The region of jobs must be registered before.</summary>
    public static AkkaConfigurationBuilder WithCleanup(this AkkaConfigurationBuilder builder, IServiceProvider services) =>
        builder.WithActors((system, registry) =>
        {
            var directory = services.GetRequiredService<IJobDirectory>();
            var clock = services.GetRequiredService<TimeProvider>();
            var logger = services.GetRequiredService<ILogger<ExpiryScheduleActor>>();
            var jobs = registry.Get<JobsRegion>();
            system.ActorOf(Props.Create(() => new ExpiryScheduleActor(directory, jobs, clock, logger)), "expiries");
        });
}

/// <summary>Settings of the sweep, section "CloneHub:Cleanup".</summary>
internal sealed class CleanupOptions
{
    public const string Section = "CloneHub:Cleanup";

    /// <summary>Time between two sweeps.</summary>
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Younger things are left alone though no job is known: their job may be about to be.</summary>
    public TimeSpan OrphanAge { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Report orphans, remove nothing.</summary>
    public bool DryRun { get; set; }
}

internal sealed class CleanupOptionsCheck : IValidateOptions<CleanupOptions>
{
    public ValidateOptionsResult Validate(string? name, CleanupOptions options) => options switch
    {
        { SweepInterval: var i } when i < TimeSpan.FromSeconds(1) => ValidateOptionsResult.Fail($"{CleanupOptions.Section}:SweepInterval must be at least a second."),
        { OrphanAge: var a } when a < TimeSpan.Zero => ValidateOptionsResult.Fail($"{CleanupOptions.Section}:OrphanAge must not be negative."),
        _ => ValidateOptionsResult.Success,
    };
}
