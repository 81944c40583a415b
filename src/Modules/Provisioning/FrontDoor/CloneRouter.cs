using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress.Media;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Yarp.ReverseProxy.Forwarder;

namespace CloneHub.Provisioning.FrontDoor;

/// <summary>The public door of all clones: a request whose host names a job goes to its clone, every other one passes by.</summary>
internal sealed class CloneRouter(IHttpForwarder forwarder, ICloneDoor door)
{
    // Longer than PHP may run (300 s), so that PHP's own limit speaks first.
    private static readonly ForwarderRequestConfig Limits = new() { ActivityTimeout = TimeSpan.FromSeconds(315) };

    private readonly string _suffix = door.HostSuffix;

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (!TryJob(context.Request.Host.Host, out var job))
        {
            await next(context);
            return;
        }

        if (door.DestinationOf(job) is not { } destination)
        {
            await ProblemAsync(
                context, StatusCodes.Status404NotFound, "CLONE_NOT_FOUND", "There is no clone at this address.",
                "It is not serving yet, has expired, or never existed. The job's status tells which.");
            return;
        }

        if (!await door.BringAsync(job, context.Request.Path.Value ?? "", context.RequestAborted))
        {
            await ProblemAsync(
                context, StatusCodes.Status503ServiceUnavailable, MediaOnDemand.NotYet, "The file has not come from the source yet.",
                "It is on its way, or the source does not answer at the moment. Try again.");
            return;
        }

        // How large an upload may be is for the clone's nginx and PHP to say; here it only passes through.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = null;
        var error = await forwarder.SendAsync(context, destination, door.Invoker, Limits, CloneTransformer.Instance);
        if (context.Response.HasStarted || context.RequestAborted.IsCancellationRequested) return;
        if (error != ForwarderError.None || context.Items.ContainsKey(CloneTransformer.OwnError)) await DownAsync(context);
    }

    private static Task DownAsync(HttpContext context) => context.Response.StatusCode == StatusCodes.Status504GatewayTimeout
        ? ProblemAsync(
            context, StatusCodes.Status504GatewayTimeout, "CLONE_TIMEOUT", "The clone did not answer in time.",
            "A request may run for 300 seconds. Try again, or do the work in smaller parts.")
        : ProblemAsync(
            context, StatusCodes.Status502BadGateway, "CLONE_UNAVAILABLE", "The clone does not answer at the moment.",
            "Its PHP is restarted within seconds. Try again.");

    private bool TryJob(string host, out JobId job)
    {
        job = default;
        return host.EndsWith(_suffix, StringComparison.OrdinalIgnoreCase) && JobId.TryParse(host[..^_suffix.Length].ToLowerInvariant(), out job);
    }

    private static async Task ProblemAsync(HttpContext context, int status, string code, string message, string hint)
    {
        context.Response.Clear();
        context.Response.StatusCode = status;
        context.Response.Headers.CacheControl = "no-store";
        if (status != StatusCodes.Status404NotFound) context.Response.Headers.RetryAfter = "5";
        var problem = new ProblemDetails
        {
            Status = status,
            Title = message,
            Detail = hint,
            Extensions = { ["code"] = code, ["hint"] = hint },
        };
        await context.Response.WriteAsJsonAsync(problem, options: null, contentType: "application/problem+json", context.RequestAborted);
    }
}
