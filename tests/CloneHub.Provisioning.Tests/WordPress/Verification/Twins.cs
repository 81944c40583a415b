using CloneHub.Contracts;
using CloneHub.Provisioning.Tests.WordPress.Source;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Verification;
using Microsoft.AspNetCore.Http;

namespace CloneHub.Provisioning.Tests.WordPress.Verification;

/// <summary>A site and its clone that are alike, but for the paths that a test gives another answer.</summary>
internal sealed class Twins : IAsyncDisposable
{
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });

    private Twins()
    {
    }

    internal Dictionary<string, RequestDelegate> AtSource { get; } = [];

    internal Dictionary<string, RequestDelegate> AtClone { get; } = [];

    internal FakeSite Source { get; private set; } = null!;

    internal FakeSite Clone { get; private set; } = null!;

    internal static async Task<Twins> StartAsync()
    {
        var twins = new Twins();
        twins.Source = await FakeSite.StartAsync(context => Answer(context, twins.AtSource));
        twins.Clone = await FakeSite.StartAsync(context => Answer(context, twins.AtClone));
        return twins;
    }

    internal static RequestDelegate Status(int status) => context =>
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    };

    internal static RequestDelegate RedirectTo(string location) => context =>
    {
        context.Response.Redirect(location);
        return Task.CompletedTask;
    };

    internal static RequestDelegate Page(string html) => context =>
    {
        context.Response.ContentType = "text/html";
        return context.Response.WriteAsync(html);
    };

    internal static readonly VisitScope Wide = new(Pages: 10, Media: 20, MenuLinks: 500, Assets: 0, AtOnce: 4);

    /// <summary>A page and a picture are visited, if a test names no others. Addresses are paths of the clone, or whole.</summary>
    internal async Task<VisitReport> VisitAsync(
        string[]? pages = null, string[]? menus = null, string[]? media = null, SourceAddresses? source = null, Func<Uri, CancellationToken, Task<HttpResponseMessage>>? fetch = null)
    {
        var visit = Visit(pages, menus, media, source);
        return await new SiteVerifier(_http, fetch ?? FetchAsync, TimeProvider.System).VerifyAsync(visit, Wide, CancellationToken.None);
    }

    internal Task<CrawlFacts> CrawlAsync(string[]? pages = null, string[]? menus = null, string[]? media = null, TimeProvider? clock = null) =>
        new SiteVerifier(_http, FetchAsync, clock ?? TimeProvider.System).CrawlAsync(Visit(pages, menus, media, null), VisitScope.Crawl, TimeSpan.FromSeconds(45), CancellationToken.None);

    internal async Task<string> DifferenceAsync(string[]? pages = null, string[]? menus = null, string[]? media = null, SourceAddresses? source = null)
    {
        var fault = await Assert.ThrowsAsync<StepFaultException>(() => VisitAsync(pages, menus, media, source));
        Assert.Equal("VERIFY_FAILED", fault.Fault.Code);
        return fault.Message;
    }

    internal Task<HttpResponseMessage> FetchAsync(Uri address, CancellationToken cancellation) =>
        _http.SendAsync(new HttpRequestMessage(HttpMethod.Get, address), cancellation);

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Source.DisposeAsync();
        await Clone.DisposeAsync();
    }

    private SiteVisit Visit(string[]? pages, string[]? menus, string[]? media, SourceAddresses? source)
    {
        var urls = new CloneUrls(Clone.Url.AbsoluteUri, [.. All(pages ?? ["/page"]).Select(url => new ClonePage(url, ""))], All(menus ?? []), All(media ?? ["/a.png"]));
        return new SiteVisit(Clone.Url, source ?? new SourceAddresses(Source.Url.AbsoluteUri), urls, "keeper", new Secret("password"), Seed: 1);
    }

    private string[] All(string[] addresses) => [.. addresses.Select(address => new Uri(Clone.Url, address).AbsoluteUri)];

    private static Task Answer(HttpContext context, Dictionary<string, RequestDelegate> own)
    {
        var path = context.Request.Path.Value!;
        if (own.TryGetValue(path, out var answer)) return answer(context);
        if (context.Request.Method == "POST")
        {
            context.Response.Headers.SetCookie = "wordpress_logged_in_x=y";
            return RedirectTo("/wp-admin/")(context);
        }

        if (context.Request.Query.ContainsKey("rest_route")) return context.Response.WriteAsync("{}");
        return path.EndsWith(".png", StringComparison.Ordinal) ? context.Response.WriteAsync("picture") : Page("<title>Twin</title> keeper")(context);
    }
}
