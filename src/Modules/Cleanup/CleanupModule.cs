using Akka.Actor;
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
        services.AddSingleton<CleanupDuty>();
        services.AddSingleton<IClusterDuty>(provider => provider.GetRequiredService<CleanupDuty>());
        services.AddSingleton<OrphanSweep>();
        services.AddHostedService<PeriodicSweep>();
        return services;
    }

    /// <summary>The clock of expiries. One runs in the whole cluster, and the node that it runs on sweeps.</summary>
    public static Props ExpirySchedule(IServiceProvider services, IActorRef jobs)
    {
        var (directory, duty) = (services.GetRequiredService<IJobDirectory>(), services.GetRequiredService<CleanupDuty>());
        var (clock, logger) = (services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<ExpiryScheduleActor>>());
        return Props.Create(() => new ExpiryScheduleActor(directory, jobs, duty, clock, logger));
    }
}

/// <summary>Whether it is this node that cleans up.</summary>
internal sealed class CleanupDuty : IClusterDuty
{
    private volatile bool _isHere;

    public bool IsHere
    {
        get => _isHere;
        set => _isHere = value;
    }
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
