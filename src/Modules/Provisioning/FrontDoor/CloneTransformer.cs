using CloneHub.Provisioning.Local;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace CloneHub.Provisioning.FrontDoor;

/// <summary>
/// The clone sees the public host and who asks, and believes nobody but us about it. Cookies, redirects and bodies stay as they are.
/// </summary>
internal sealed class CloneTransformer : HttpTransformer
{
    public static readonly CloneTransformer Instance = new();

    /// <summary>Key in the request's items: nginx itself has failed, not the clone.</summary>
    public static readonly object OwnError = new();

    private static readonly string[] Claims =
        ["Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Real-IP", "Proxy"];

    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        foreach (var claim in Claims) proxyRequest.Headers.Remove(claim);
        var request = httpContext.Request;
        proxyRequest.Headers.Host = request.Host.Value;
        proxyRequest.Headers.TryAddWithoutValidation("X-Forwarded-For", AddressOf(httpContext));
        proxyRequest.Headers.TryAddWithoutValidation("X-Forwarded-Proto", request.Scheme);
        proxyRequest.Headers.TryAddWithoutValidation("X-Forwarded-Host", request.Host.Value);
    }

    public override async ValueTask<bool> TransformResponseAsync(
        HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        if (proxyResponse?.Headers.Contains(NginxConfig.OwnErrorHeader) == true)
        {
            httpContext.Items[OwnError] = true;
            httpContext.Response.StatusCode = (int)proxyResponse.StatusCode;
            return false;
        }

        return await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
    }

    private static string AddressOf(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress ?? System.Net.IPAddress.Loopback;
        return (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
    }
}
