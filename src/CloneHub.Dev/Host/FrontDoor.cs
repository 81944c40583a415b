using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Health;

namespace CloneHub.Dev.Host;

/// <summary>
/// One address for several Hosts, for the API and the clones alike: the host name of a request is passed on as it is. A Host that is not ready, or
/// does not say so within two seconds, gets no more requests until it is; if none is ready, all are tried. Who came to one that has just gone is told to
/// come again.
/// </summary>
internal sealed class FrontDoor : IAsyncDisposable
{
    private const string Nodes = "nodes";
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private readonly WebApplication _app;

    private FrontDoor(WebApplication app) => _app = app;

    public static async Task<FrontDoor> OpenAsync(int port, IEnumerable<Uri> nodes, CancellationToken ct)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
        });
        builder.Services.AddLogging(logging => logging.ClearProviders());
        builder.Services.AddRoutingCore();
        builder.Services.Configure<ConsecutiveFailuresHealthPolicyOptions>(policy => policy.DefaultThreshold = 1);
        builder.Services.AddReverseProxy().LoadFromMemory([Everything], [ClusterOf(nodes)]);
        var app = builder.Build();
        app.Use(ExcuseAsync);
        app.UseRouting();
        app.MapReverseProxy();
        await app.StartAsync(ct);
        return new FrontDoor(app);
    }

    public async ValueTask DisposeAsync()
    {
        // Whoever still follows a job is cut off; the Hosts behind may be gone already.
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(1), TimeProvider.System);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private static async Task ExcuseAsync(HttpContext context, RequestDelegate next)
    {
        await next(context);
        if (context.Response is not { HasStarted: false, StatusCode: StatusCodes.Status502BadGateway or StatusCodes.Status503ServiceUnavailable } answer) return;
        answer.StatusCode = StatusCodes.Status503ServiceUnavailable;
        answer.Headers.RetryAfter = "1";
    }

    private static RouteConfig Everything => new()
    {
        RouteId = "everything",
        ClusterId = Nodes,
        Match = new RouteMatch { Path = "{**path}" },
        Transforms = [new Dictionary<string, string> { ["RequestHeaderOriginalHost"] = "true" }],
    };

    private static ClusterConfig ClusterOf(IEnumerable<Uri> nodes) => new()
    {
        ClusterId = Nodes,
        Destinations = nodes.ToDictionary(node => node.Authority, node => new DestinationConfig { Address = node.AbsoluteUri }),
        HttpRequest = new Yarp.ReverseProxy.Forwarder.ForwarderRequestConfig { ActivityTimeout = TimeSpan.FromMinutes(6) },
        HealthCheck = new HealthCheckConfig
        {
            AvailableDestinationsPolicy = HealthCheckConstants.AvailableDestinations.HealthyOrPanic,
            Active = new ActiveHealthCheckConfig
            {
                Enabled = true,
                Interval = BetweenLooks,
                Timeout = Patience,
                Policy = HealthCheckConstants.ActivePolicy.ConsecutiveFailures,
                Path = "/health/ready",
            },
        },
    };
}
