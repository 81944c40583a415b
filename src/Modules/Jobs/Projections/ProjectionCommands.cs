using System.Globalization;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.Reporting;
using Microsoft.Extensions.DependencyInjection;

namespace CloneHub.Jobs.Projections;

/// <summary>The Host's command <c>projections</c>: says how far the views are, or builds them anew while the service serves.</summary>
internal static class ProjectionCommands
{
    private const int WrongUsage = 64; // EX_USAGE of sysexits.h
    private const string Usage = $"Usage: projections status | projections rebuild [{ReportsProjection.ProjectionName}|{JobStatusRebuild.Name}]   (both if none is named)";

    public static async Task<int> RunAsync(IServiceProvider services, IReadOnlyList<string> args, TextWriter output, TextWriter errors, CancellationToken cancellation)
    {
        switch (args)
        {
            case ["status"]:
                var at = await services.GetRequiredService<ProjectionProgress>().OfAsync(ReportsProjection.ProjectionName, cancellation);
                await output.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture, $"{at.Name}: at event {at.At} of {at.Highest}; everything up to {WireTime.Of(at.AsOf)} is in it."));
                await output.WriteLineAsync($"{JobStatusRebuild.Name}: written with the events themselves, never behind.");
                return 0;
            case ["rebuild"]:
                await services.GetRequiredService<JobStatusRebuild>().RunAsync(output, cancellation);
                await services.GetRequiredService<ReportsRebuild>().RunAsync(output, cancellation);
                return 0;
            case ["rebuild", JobStatusRebuild.Name]:
                await services.GetRequiredService<JobStatusRebuild>().RunAsync(output, cancellation);
                return 0;
            case ["rebuild", ReportsProjection.ProjectionName]:
                await services.GetRequiredService<ReportsRebuild>().RunAsync(output, cancellation);
                return 0;
            default:
                await errors.WriteLineAsync(Usage);
                return WrongUsage;
        }
    }
}
