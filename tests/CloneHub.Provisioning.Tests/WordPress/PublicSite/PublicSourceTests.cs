using CloneHub.Contracts;
using CloneHub.Provisioning.Tests.WordPress.Source;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Provisioning.WordPress.PublicSite;
using Microsoft.AspNetCore.Http;

namespace CloneHub.Provisioning.Tests.WordPress.PublicSite;

/// <summary>Sites that publish something, nothing, or less than they should; and the names of the reasons.</summary>
public sealed class PublicSourceTests : IAsyncLifetime
{
    private FakeApi _api = null!;

    public async Task InitializeAsync() => _api = await FakeApi.StartAsync();

    public async Task DisposeAsync() => await _api.DisposeAsync();

    [Fact]
    public async Task A_site_that_publishes_posts_is_found()
    {
        using var source = await ConnectAsync();
        Assert.Equal(("Fake", 3, 0), (source.Facts.Name, source.Posts, source.Pages));
        Assert.Equal("/robots.txt", _api.Asked.First());
    }

    [Theory]
    [InlineData("""</elsewhere/>; rel="https://api.w.org/" """, "")]
    [InlineData("""</a>; rel="next", </elsewhere/>; rel="https://api.w.org/", </b>; rel=shortlink""", "")]
    [InlineData("", """<link rel="https://api.w.org/" href="/elsewhere/" />""")]
    public async Task The_API_is_where_the_site_says(string header, string markup)
    {
        _api.On("/", context =>
        {
            if (header.Length > 0) context.Response.Headers.Link = header.Trim();
            return context.Response.WriteAsync($"<html><head>{markup}</head></html>");
        });
        Move("/wp-json/", "/elsewhere/");
        Move("/wp-json/wp/v2/posts", "/elsewhere/wp/v2/posts");
        Move("/wp-json/wp/v2/pages", "/elsewhere/wp/v2/pages");
        _api.On("/wp-json/", 404);

        using var source = await ConnectAsync();
        Assert.Equal(3, source.Posts);
    }

    [Fact]
    public async Task Without_pretty_addresses_the_API_is_asked_by_a_parameter()
    {
        _api.On("/wp-json/", 404).On("/", async context =>
        {
            var route = context.Request.Query["rest_route"].ToString();
            if (route.Length > 0) context.Request.Path = "/wp-json" + route;
            await _api.UsualAsync(context);
        });
        using var source = await ConnectAsync();
        Assert.Equal(3, source.Posts);
        Assert.Contains(_api.Asked, asked => asked.StartsWith("/?rest_route=/wp/v2/posts&", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_request_to_the_API_is_one_that_no_cache_has_seen()
    {
        using var source = await ConnectAsync();
        await source.Api.PageAsync("wp/v2/posts", "per_page=1", default);
        var asked = _api.Asked.Where(path => path.Contains("/posts", StringComparison.Ordinal)).ToList();
        Assert.Equal(asked.Count, asked.Distinct().Count());
    }

    [Theory]
    [InlineData(401, """{"code":"rest_login_required"}""", "application/json")]
    [InlineData(403, "<html>Forbidden</html>", "text/html")]
    [InlineData(404, """{"code":"rest_no_route"}""", "application/json")]
    [InlineData(200, "<html>Welcome</html>", "text/html")]
    [InlineData(200, "", "application/json")]
    [InlineData(200, """{"posts":"none"}""", "application/json")]
    public async Task An_API_that_does_not_answer_is_closed_and_not_an_empty_site(int status, string body, string type)
    {
        _api.On("/wp-json/wp/v2/posts", status, body, type);
        Assert.Equal("PUBLIC_API_CLOSED", await FaultOf());
    }

    [Theory]
    [InlineData(404, "")]
    [InlineData(403, "")]
    [InlineData(200, "<html>a page for everything</html>")]
    [InlineData(200, """{"namespaces":["oembed/1.0"]}""")]
    public async Task A_WordPress_without_an_API_is_told_from_a_site_that_is_none(int status, string body)
    {
        _api.On("/wp-json/", status, body);
        Assert.Equal("PUBLIC_API_CLOSED", await FaultOf());
        _api.Home = "<html><body>Hello</body></html>";
        Assert.Equal("NOT_WORDPRESS", await FaultOf());
    }

    [Fact]
    public async Task A_site_that_publishes_nothing_is_not_cloned()
    {
        _api.Posts = [];
        Assert.Equal("PUBLIC_SITE_EMPTY", await FaultOf());
    }

    [Theory]
    [InlineData("User-agent: *\nDisallow: /")]
    [InlineData("User-agent: *\nDisallow: /wp-json/")]
    [InlineData("User-agent: clonehub\nDisallow: /wp-json/wp/v2/posts")]
    public async Task What_robots_txt_forbids_is_not_asked_for(string robots)
    {
        _api.On("/robots.txt", 200, robots);
        Assert.Equal("ROBOTS_DISALLOW", await FaultOf());
        Assert.DoesNotContain(_api.Asked, asked => asked.Contains("/posts", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(503, "SOURCE_RATE_LIMITED")]
    [InlineData(429, "SOURCE_RATE_LIMITED")]
    public async Task A_site_that_asks_for_more_patience_than_there_is_fails_for_now(int status, string code)
    {
        _api.On("/wp-json/wp/v2/posts", status, headers: ("Retry-After", "3600"));
        var fault = await Assert.ThrowsAsync<StepFaultException>(ConnectAsync);
        Assert.Equal((code, true), (fault.Fault.Code, fault.Fault.Retryable));
        Assert.Single(_api.Asked, asked => asked.Contains("/posts", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_site_that_is_busy_is_left_alone_as_long_as_it_asks()
    {
        var clock = TimeProvider.System;
        var refused = 0L;
        var waited = TimeSpan.Zero;
        _api.On("/wp-json/wp/v2/posts", async context =>
        {
            if (refused == 0)
            {
                refused = clock.GetTimestamp();
                context.Response.StatusCode = 429;
                context.Response.Headers.RetryAfter = "2";
                return;
            }

            if (waited == TimeSpan.Zero) waited = clock.GetElapsedTime(refused);
            await _api.UsualAsync(context);
        });
        using var source = await ConnectAsync();
        Assert.Equal(3, source.Posts);
        Assert.True(waited >= TimeSpan.FromSeconds(1.9), $"It was asked again after {waited}.");
    }

    [Fact]
    public async Task Many_who_read_the_same_site_take_turns()
    {
        var (now, most) = (0, 0);
        _api.On("/wp-json/wp/v2/posts", async context =>
        {
            most = Math.Max(most, Interlocked.Increment(ref now));
            await _api.UsualAsync(context);
            Interlocked.Decrement(ref now);
        });
        var sources = Sources();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            using var source = await sources.ConnectAsync(SourceTests.OrderFor(_api.Url), default);
        }));
        Assert.Equal(1, most);
    }

    [Fact]
    public async Task A_delay_that_robots_txt_asks_for_is_kept()
    {
        var clock = TimeProvider.System;
        _api.On("/robots.txt", 200, "User-agent: *\nCrawl-delay: 0.4");
        var started = clock.GetTimestamp();
        using var source = await ConnectAsync();

        // Home page, root, posts, pages: three rests between four requests, and one after robots.txt.
        Assert.True(clock.GetElapsedTime(started) >= TimeSpan.FromSeconds(1.5));
    }

    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://10.0.0.1/wp-json/")]
    [InlineData("ftp://127.0.0.1/")]
    public async Task A_redirect_to_an_address_inside_is_not_followed(string target)
    {
        _api.On("/wp-json/", 302, headers: ("Location", target));
        Assert.Equal("SOURCE_ADDRESS_REFUSED", await FaultOf());
    }

    [Fact]
    public async Task An_API_root_inside_is_not_asked()
    {
        _api.On("/", 200, "<html></html>", "text/html", ("Link", "<http://192.168.1.1/wp-json/>; rel=\"https://api.w.org/\""));
        Assert.Equal("SOURCE_ADDRESS_REFUSED", await FaultOf());
    }

    [Theory]
    [InlineData(403, "cf-mitigated", "challenge", "WAF_BLOCKED")]
    [InlineData(202, "SG-Captcha", "challenge", "WAF_BLOCKED")]
    [InlineData(401, "WWW-Authenticate", "Basic realm=\"x\"", "SOURCE_HTTP_AUTH")]
    public async Task A_wall_in_front_of_the_site_is_recognised(int status, string header, string value, string code)
    {
        _api.On("/", status, "<html></html>", "text/html", (header, value));
        Assert.Equal(code, await FaultOf());
    }

    [Fact]
    public async Task A_site_that_is_down_may_come_back() =>
        Assert.Equal("SOURCE_UNREACHABLE", await SourceTests.FaultOf(() => Sources().ConnectAsync(SourceTests.OrderFor(new Uri("http://127.0.0.1:1/")), default)));

    [Fact]
    public async Task A_page_that_the_site_has_no_strength_for_is_asked_for_in_parts()
    {
        _api.Posts = [.. Enumerable.Range(1, 30)];
        _api.On("/wp-json/wp/v2/posts", context =>
        {
            if (context.Request.Query["per_page"] != "100") return _api.UsualAsync(context);
            context.Response.StatusCode = 200;
            context.Response.ContentType = "application/json";
            return WriteForeverAsync(context);
        });
        using var source = await ConnectAsync();
        Assert.Equal(Enumerable.Range(1, 30).Select(id => (long)id), await ReadAsync(source));
    }

    [Fact]
    public async Task A_collection_that_shifts_while_it_is_read_is_read_again()
    {
        _api.Posts = [.. Enumerable.Range(1, 250)];
        _api.On("/wp-json/wp/v2/posts", context =>
        {
            // Somebody deletes the first post when the second page is asked for: the rest moves up by one.
            if (context.Request.Query["offset"] == "100" && _api.Posts.Count == 250) _api.Posts = [.. Enumerable.Range(2, 249)];
            return _api.UsualAsync(context);
        });
        using var source = await ConnectAsync();
        Assert.Equal(Enumerable.Range(2, 249).Select(id => (long)id), await ReadAsync(source));
    }

    [Fact]
    public async Task Posts_that_are_counted_and_never_come_are_not_passed_over()
    {
        _api.On("/wp-json/wp/v2/posts", 200, """[{"id":1}]""", "application/json", ("X-WP-Total", "2"));
        using var source = await ConnectAsync();
        Assert.Equal("VERIFY_FAILED", await SourceTests.FaultOf(() => ReadAsync(source)));
    }

    private void Move(string from, string to) => _api.On(to, context =>
    {
        context.Request.Path = from;
        return _api.UsualAsync(context);
    });

    private static async Task WriteForeverAsync(HttpContext context)
    {
        var piece = new byte[1 << 20];
        for (var i = 0; i < 40 && !context.RequestAborted.IsCancellationRequested; i++) await context.Response.Body.WriteAsync(piece);
    }

    internal static async Task<List<long>> ReadAsync(PublicSource source)
    {
        var ids = new List<long>();
        var progress = new ImportProgress(new Progress<ContentProgress>());
        await new CollectionReader(source.Api, new ImportWarnings(), progress, _ => Task.CompletedTask).ReadAsync(
            CollectionReader.Posts, "_fields=id", "posts",
            () =>
            {
                ids.Clear();
                return Task.CompletedTask;
            },
            items =>
            {
                ids.AddRange(items.Select(item => item.Id));
                return Task.CompletedTask;
            },
            default);
        return ids;
    }

    private Task<PublicSource> ConnectAsync() => Sources().ConnectAsync(SourceTests.OrderFor(_api.Url) with { Fidelity = CloneFidelity.Public }, default);

    private static PublicSources Sources() => new(new SourceOptions { AllowLoopback = true }, TimeProvider.System);

    private Task<string> FaultOf() => SourceTests.FaultOf(ConnectAsync);
}
