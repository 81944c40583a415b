using CloneHub.Jobs.Reporting;
using Microsoft.Extensions.DependencyInjection;

namespace CloneHub.Jobs.Projections;

internal static class ProjectionServices
{
    /// <summary>The daemon of the asynchronous projections, what tells how far it is, and what builds views anew.</summary>
    public static IServiceCollection AddProjections(this IServiceCollection services, bool drivesJobs)
    {
        services.AddSingleton<ProjectionProgress>();
        services.AddSingleton<ProjectionRunner>();
        services.AddSingleton<ReportsRebuild>();
        services.AddSingleton<JobStatusRebuild>();
        services.AddSingleton<ReportReader>();
        if (!drivesJobs) return services;
        services.AddHostedService(provider => provider.GetRequiredService<ProjectionRunner>());
        services.AddHealthChecks().AddCheck<ProjectionHealth>(ProjectionHealth.Name, tags: ["ready"]);
        return services;
    }
}
