using CloneHub.Cleanup;
using CloneHub.Host;
using CloneHub.Jobs;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.Certificates;
using CloneHub.Provisioning;
using Microsoft.Extensions.Options;

if (args is ["new-api-key", .. var rest]) return NewApiKey.Run(rest, Console.Out, Console.Error);
if (args is ["verify", .. var files]) return VerifyCertificateCommand.Run(files, Console.Out, Console.Error);

try
{
    // The settings lie beside the program, wherever it is started from.
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
    var node = ClusterNodeOptions.Of(builder.Configuration);
    builder.AddLogs();
    builder.AddTelemetry();
    builder.Services.AddApiDocument();
    builder.Services.AddProvisioning(builder.Configuration);
    builder.Services.AddJobs(builder.Configuration, node.IsCore);
    builder.Services.AddCleanup(builder.Configuration);
    builder.AddCluster();

    var app = builder.Build();
    if (args is ["migrate", ..])
    {
        await JobsModule.MigrateAsync(app.Services);
        return 0;
    }

    if (args is ["projections", .. var order]) return await JobsModule.RunProjectionsCommandAsync(app.Services, order);

    app.UseCloneRouter();
    app.UseJobsApi();
    if (node.IsCore) app.MapJobs();
    app.MapApiDocument();
    app.MapHealth();
    app.MapMetrics();
    var exit = app.Services.GetRequiredService<NodeExit>();
    await app.RunAsync();
    return exit.Code;
}
catch (OptionsValidationException e)
{
    await Console.Error.WriteLineAsync($"CloneHub cannot start. {string.Join(' ', e.Failures)}");
    return 78; // EX_CONFIG of sysexits.h: a supervisor need not try again unchanged.
}
