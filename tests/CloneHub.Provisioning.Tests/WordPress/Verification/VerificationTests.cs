using CloneHub.Contracts;
using CloneHub.Provisioning.Tests.WordPress.Source;
using CloneHub.Provisioning.WordPress;
using Microsoft.AspNetCore.Http;

namespace CloneHub.Provisioning.Tests.WordPress.Verification;

/// <summary>What the visit of a clone takes for a difference, and what for a doubt.</summary>
public sealed class VerificationTests : IAsyncLifetime
{
    private Twins _twins = null!;

    public async Task InitializeAsync() => _twins = await Twins.StartAsync();

    public async Task DisposeAsync() => await _twins.DisposeAsync();

    [Fact]
    public async Task Twins_are_alike()
    {
        var report = await _twins.VisitAsync(menus: ["/menu", "https://elsewhere.example/"]);
        Assert.Equal((1, 1, 1), (report.Pages, report.Menus, report.Media));
        Assert.Empty(report.Warnings);
    }

    [Fact]
    public async Task A_source_behind_a_redirecting_front_is_compared_where_the_redirect_leads()
    {
        await using var front = await FakeSite.StartAsync(context => Twins.RedirectTo(new Uri(_twins.Source.Url, context.Request.Path + context.Request.QueryString).AbsoluteUri)(context));
        var report = await _twins.VisitAsync(source: new SourceAddresses(front.Url.AbsoluteUri));
        Assert.Equal((1, 1), (report.Pages, report.Media));

        _twins.AtSource["/page"] = Twins.Page("<title>Another</title>");
        Assert.Contains("/page is titled 'Twin' instead of 'Another'", await _twins.DifferenceAsync(source: new SourceAddresses(front.Url.AbsoluteUri)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_inside_the_clone_is_followed_too()
    {
        _twins.AtSource["/page"] = _twins.AtClone["/page"] = Twins.RedirectTo("/moved");
        _twins.AtClone["/moved"] = Twins.Status(404);
        Assert.Contains("/page answers 404 instead of 200", await _twins.DifferenceAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_to_the_source_is_a_difference()
    {
        _twins.AtSource["/page"] = Twins.RedirectTo("/moved");
        _twins.AtClone["/page"] = Twins.RedirectTo(new Uri(_twins.Source.Url, "/moved").AbsoluteUri);
        Assert.Contains("/page leads to the source: ", await _twins.DifferenceAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_elsewhere_must_lead_to_the_same_place()
    {
        _twins.AtSource["/page"] = Twins.RedirectTo("https://elsewhere.example/a?back=1");
        _twins.AtClone["/page"] = Twins.RedirectTo("https://elsewhere.example/a?back=2");
        Assert.Equal(1, (await _twins.VisitAsync()).Pages);
        _twins.AtClone["/page"] = Twins.RedirectTo("https://elsewhere.example/b");
        Assert.Contains("/page leads to https://elsewhere.example/b instead of https://elsewhere.example/a", await _twins.DifferenceAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_of_both_compares_nothing()
    {
        _twins.AtSource["/page"] = _twins.AtClone["/page"] = Twins.Status(500);
        Assert.Contains("none of 1 pages could be compared", await _twins.DifferenceAsync(), StringComparison.Ordinal);
        var report = await _twins.VisitAsync(pages: ["/page", "/other"]);
        Assert.Equal(1, report.Pages);
        Assert.Equal(["Not compared with the source: /page (the source answers 500)."], report.Warnings);
    }

    [Fact]
    public async Task Media_that_the_source_keeps_to_itself_are_told_and_not_all_of_them_may_be()
    {
        _twins.AtSource["/b.png"] = Twins.Status(403);
        Assert.Equal(["Not compared with the source: /b.png (the source answers 403)."], (await _twins.VisitAsync(media: ["/a.png", "/b.png"])).Warnings);
        Assert.Contains("none of 1 media could be compared", await _twins.DifferenceAsync(media: ["/b.png"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Media_that_neither_has_are_told()
    {
        _twins.AtSource["/b.png"] = _twins.AtClone["/b.png"] = Twins.Status(404);
        Assert.Equal(["Not compared with the source: 1 media that the source does not have either."], (await _twins.VisitAsync(media: ["/b.png"])).Warnings);
    }

    [Fact]
    public async Task Media_that_are_still_to_come_are_told_and_a_clone_that_only_breaks_differs()
    {
        _twins.AtClone["/b.png"] = context =>
        {
            context.Response.StatusCode = 503;
            return context.Response.WriteAsJsonAsync(new { code = "MEDIA_NOT_YET" }, options: null, contentType: "application/problem+json");
        };
        Assert.Equal(["Not compared with the source: 1 media that are still to come."], (await _twins.VisitAsync(media: ["/b.png"])).Warnings);
        _twins.AtClone["/b.png"] = Twins.Status(503);
        Assert.Contains("/b.png answers 503 instead of 200", await _twins.DifferenceAsync(media: ["/b.png"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_medium_is_looked_for_where_the_source_has_its_uploads()
    {
        await using var store = await FakeSite.StartAsync(context => Twins.Page(context.Request.Path == "/files/2026/a.png" ? "picture" : "wrong")(context));
        var source = new SourceAddresses(_twins.Source.Url.AbsoluteUri, Uploads: new Uri(store.Url, "/files").AbsoluteUri);
        Assert.Equal(1, (await _twins.VisitAsync(media: ["/wp-content/uploads/2026/a.png"], source: source)).Media);
    }

    [Fact]
    public async Task A_mention_of_any_part_of_the_source_is_a_difference()
    {
        _twins.AtClone["/page"] = Twins.Page("<title>Twin</title><img src='https://cdn.example.com/files/a.png'>");
        await _twins.VisitAsync();
        var source = new SourceAddresses(_twins.Source.Url.AbsoluteUri, Uploads: "https://cdn.example.com/files");
        Assert.Contains("/page still names the source: https://cdn.example.com/files/a.png", await _twins.DifferenceAsync(source: source), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_feed_may_name_the_source()
    {
        _twins.AtClone["/feed/"] = context =>
        {
            context.Response.ContentType = "application/rss+xml";
            return Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(context.Response, $"<guid>{_twins.Source.Url}?p=1</guid>");
        };
        Assert.Equal(1, (await _twins.VisitAsync(menus: ["/feed/"])).Menus);
    }

    [Fact]
    public async Task Addresses_of_pages_menus_and_media_that_lead_to_the_source_are_differences()
    {
        var address = new Uri(_twins.Source.Url, "/x").AbsoluteUri;
        Assert.Contains($"a page leads to the source: {address}", await _twins.DifferenceAsync(pages: [address]), StringComparison.Ordinal);
        Assert.Contains($"a menu leads to the source: {address}", await _twins.DifferenceAsync(menus: [address]), StringComparison.Ordinal);
        Assert.Contains($"a medium leads to the source: {address}", await _twins.DifferenceAsync(media: [address]), StringComparison.Ordinal);
        Assert.Equal(["Not compared with the source: a medium at cdn.example.com."], (await _twins.VisitAsync(media: ["https://cdn.example.com/a.png"])).Warnings);
    }

    [Fact]
    public async Task More_links_than_anybody_clicks_are_not_all_visited()
    {
        var report = await _twins.VisitAsync(menus: [.. Enumerable.Range(0, 510).Select(i => $"/menu/{i}")]);
        Assert.Equal(500, report.Menus);
        Assert.Equal(["Not compared with the source: 10 links of menus."], report.Warnings);
    }

    [Fact]
    public async Task A_site_that_does_not_answer_hides_no_other_difference()
    {
        _twins.AtClone["/page"] = Twins.Page("<title>Wrong</title>");
        _twins.AtClone["/cut"] = async context =>
        {
            context.Response.ContentLength = 100;
            await Twins.Page("<title>")(context);
            context.Abort();
        };
        var message = (await Assert.ThrowsAsync<StepFaultException>(() => _twins.VisitAsync(pages: ["/page", "/cut", "/silent"], fetch: RefuseAsync))).Message;
        Assert.Contains("/page is titled 'Wrong' instead of 'Twin'", message, StringComparison.Ordinal);
        Assert.Contains("the clone does not answer at /cut: ", message, StringComparison.Ordinal);
        Assert.Contains("the source does not answer at /silent: the source site cannot be reached", message, StringComparison.OrdinalIgnoreCase);

        Task<HttpResponseMessage> RefuseAsync(Uri address, CancellationToken cancellation) =>
            address.AbsolutePath == "/silent" ? throw SourceFaults.Unreachable("gone") : _twins.FetchAsync(address, cancellation);
    }

    [Fact]
    public async Task A_log_in_that_is_cut_off_is_a_difference()
    {
        _twins.AtClone["/wp-login.php"] = context =>
        {
            context.Abort();
            return Task.CompletedTask;
        };
        Assert.Contains("the clone does not answer a log-in", await _twins.DifferenceAsync(), StringComparison.Ordinal);
    }
}
