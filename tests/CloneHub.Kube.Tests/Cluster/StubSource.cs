using System.Globalization;
using System.Net;
using System.Text.Json;
using CloneHub.Dev.Servers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CloneHub.Kube.Tests.Cluster;

/// <summary>A site that publishes one post: of what the Host asks of a source as much as costs next to nothing. The pods of <see cref="StubImage"/> show the same.</summary>
internal sealed class StubSource : IAsyncDisposable
{
    private readonly WebApplication _site;

    private StubSource(WebApplication site) => _site = site;

    public Uri Url => new(_site.Urls.Single());

    public static async Task<StubSource> StartAsync(IPAddress address)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(string.Create(CultureInfo.InvariantCulture, $"http://{address}:{Ports.Free()}"));
        var source = new StubSource(builder.Build());
        source._site.Run(source.AnswerAsync);
        await source._site.StartAsync();
        return source;
    }

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    private Task AnswerAsync(HttpContext context) => context.Request.Path.Value switch
    {
        "/" => context.Response.WriteAsync("<html><head><meta name=\"generator\" content=\"WordPress 6.6\"></head><body>Stub</body></html>"),
        "/wp-json/" => JsonAsync(context, new { name = "Stub", description = "", home = Url.AbsoluteUri, url = Url.AbsoluteUri, namespaces = (string[])["wp/v2"] }),
        "/wp-json/wp/v2/posts" => ListAsync(context, new { id = 1, link = Url.AbsoluteUri, date = "2026-01-01T00:00:00", modified_gmt = "2026-01-01T00:00:00", title = new { rendered = "Stub" } }),
        "/wp-json/wp/v2/pages" or "/wp-json/wp/v2/media" => ListAsync(context),
        _ => MissingAsync(context),
    };

    private static Task ListAsync(HttpContext context, params object[] items)
    {
        context.Response.Headers["X-WP-Total"] = items.Length.ToString(CultureInfo.InvariantCulture);
        return JsonAsync(context, items);
    }

    private static Task JsonAsync(HttpContext context, object value)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(JsonSerializer.Serialize(value));
    }

    private static Task MissingAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
