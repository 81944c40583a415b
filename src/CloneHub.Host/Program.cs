using CloneHub.Host;
using CloneHub.Jobs.Api;
using Microsoft.Extensions.Options;

if (args is ["new-api-key", .. var rest]) return NewApiKey.Run(rest, Console.Out, Console.Error);

try
{
    var builder = WebApplication.CreateBuilder(args);
    builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
    builder.AddLogs();
    builder.AddTelemetry();
    builder.Services.AddApiDocument();
    builder.Services.AddJobsApi(builder.Configuration);
    builder.AddCluster();

    var app = builder.Build();
    app.UseJobsApi();
    app.MapJobs();
    app.MapApiDocument();
    app.MapHealth();
    await app.RunAsync();
    return 0;
}
catch (OptionsValidationException e)
{
    await Console.Error.WriteLineAsync($"CloneHub cannot start. {string.Join(' ', e.Failures)}");
    return 78; // EX_CONFIG of sysexits.h: a supervisor need not try again unchanged.
}
