using CloneHub.Contracts;
using Microsoft.Extensions.Time.Testing;

namespace CloneHub.Provisioning.Tests.WordPress.Verification;

/// <summary>A crawl tells what differs and refuses nothing.</summary>
public sealed class CrawlTests : IAsyncLifetime
{
    private Twins _twins = null!;

    public async Task InitializeAsync() => _twins = await Twins.StartAsync();

    public async Task DisposeAsync() => await _twins.DisposeAsync();

    [Fact]
    public async Task Twins_are_alike()
    {
        _twins.AtClone["/page"] = _twins.AtSource["/page"] = Twins.Page("<title>Twin</title><img src='/b.png'><img src='/c.png'><img src='https://cdn.example.com/d.png'>");

        var crawl = await _twins.CrawlAsync(menus: ["/menu"]);

        Assert.Equal((1, 1, 1, 2), (crawl.Pages, crawl.Links, crawl.Media, crawl.Assets));
        Assert.Empty(crawl.Differences);
        Assert.Empty(crawl.NotCompared);
    }

    [Fact]
    public async Task What_differs_is_told_page_by_page()
    {
        _twins.AtClone["/gone"] = Twins.Status(404);
        _twins.AtClone["/page"] = Twins.Page("<title>Wrong</title>");
        _twins.AtClone["/broken"] = Twins.Status(500);

        var crawl = await _twins.CrawlAsync(pages: ["/page", "/gone", "/alike"], menus: ["/broken"]);

        Assert.Equal(["/broken answers 500 instead of 200", "/gone answers 404 instead of 200", "/page is titled 'Wrong' instead of 'Twin'"], crawl.Differences);
    }

    [Fact]
    public async Task What_a_page_needs_and_only_the_source_has_is_told()
    {
        var page = Twins.Page("<title>Twin</title><link rel='stylesheet' href='/style.css'><img src='/nowhere.png'>");
        _twins.AtClone["/page"] = _twins.AtSource["/page"] = page;
        _twins.AtClone["/style.css"] = _twins.AtClone["/nowhere.png"] = _twins.AtSource["/nowhere.png"] = Twins.Status(404);

        var crawl = await _twins.CrawlAsync();

        Assert.Equal(["/style.css, which /page needs, answers 404 instead of 200"], crawl.Differences);
        Assert.Equal(["1 pictures, styles and scripts of pages that the source does not have either"], crawl.NotCompared);
    }

    [Fact]
    public async Task What_there_is_no_time_for_is_told()
    {
        var clock = new FakeTimeProvider();
        _twins.AtClone["/slow"] = async context =>
        {
            clock.Advance(TimeSpan.FromMinutes(1));
            await Twins.Page("<title>Twin</title>")(context);
        };

        var crawl = await _twins.CrawlAsync(pages: ["/slow", "/one", "/two", "/three"], media: [], clock: clock);

        Assert.Contains(crawl.NotCompared, told => told.EndsWith("addresses, for which there was no time", StringComparison.Ordinal));
        Assert.True(crawl.Pages < 4);
    }

    [Fact]
    public async Task A_source_that_does_not_answer_is_no_difference()
    {
        _twins.AtSource["/page"] = context =>
        {
            context.Abort();
            return Task.CompletedTask;
        };

        var crawl = await _twins.CrawlAsync(pages: ["/page", "/alike"]);

        Assert.Empty(crawl.Differences);
        Assert.StartsWith("the source does not answer at /page", Assert.Single(crawl.NotCompared), StringComparison.Ordinal);
        Assert.Equal(1, crawl.Pages);
    }

    [Fact]
    public async Task What_strangers_wrote_is_told_in_short()
    {
        _twins.AtClone["/page"] = Twins.Page($"<title>{new string('x', 1500)}</title>");

        Assert.InRange(Assert.Single((await _twins.CrawlAsync()).Differences).Length, 250, 301);
    }

    [Fact]
    public async Task Of_many_differences_the_first_are_told_and_how_many_more_there_are()
    {
        string[] pages = [.. Enumerable.Range(0, 30).Select(i => $"/gone/{i}")];
        foreach (var page in pages) _twins.AtClone[page] = Twins.Status(404);

        var crawl = await _twins.CrawlAsync(pages: pages);

        Assert.Equal(CrawlFacts.MostTold + 1, crawl.Differences.Count);
        Assert.Equal("10 more", crawl.Differences[^1]);
    }
}
