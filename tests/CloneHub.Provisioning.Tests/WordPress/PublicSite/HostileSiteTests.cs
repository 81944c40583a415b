using CloneHub.Contracts;
using CloneHub.Provisioning.Tests.WordPress.Source;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.PublicSite;
using Microsoft.AspNetCore.Http;

namespace CloneHub.Provisioning.Tests.WordPress.PublicSite;

/// <summary>Sites that would have a clone read, keep or compute without end.</summary>
public sealed class HostileSiteTests : IAsyncLifetime
{
    private FakeApi _api = null!;

    public async Task InitializeAsync() => _api = await FakeApi.StartAsync();

    public async Task DisposeAsync() => await _api.DisposeAsync();

    [Fact]
    public async Task A_site_that_counts_more_than_a_clone_holds_is_refused_by_name()
    {
        using var source = await ConnectAsync();
        _api.On("/wp-json/wp/v2/posts", 200, """[{"id":1}]""", "application/json", ("X-WP-Total", "100001"));
        Assert.Equal("PUBLIC_SITE_TOO_LARGE", await SourceTests.FaultOf(() => PublicSourceTests.ReadAsync(source)));
    }

    [Fact]
    public async Task Pages_without_items_are_the_end_whatever_the_site_counts()
    {
        using var source = await ConnectAsync();
        _api.On("/wp-json/wp/v2/posts", 200, "[]", "application/json", ("X-WP-Total", "90000"));
        _api.Asked.Clear();
        Assert.Equal("VERIFY_FAILED", await SourceTests.FaultOf(() => PublicSourceTests.ReadAsync(source)));
        Assert.Equal(6, _api.Asked.Count);
    }

    [Theory]
    [InlineData(1000, long.MaxValue)]
    [InlineData(int.MaxValue, 20_000)]
    public async Task Answers_without_end_are_read_to_a_limit(int items, long bytes)
    {
        using var source = await ConnectAsync();
        var next = 0;
        _api.On("/wp-json/wp/v2/posts", context => context.Response.WriteAsync($"[{string.Join(',', Enumerable.Range(0, 100).Select(_ => $$"""{"id":{{++next}}}"""))}]"));
        var api = new PublicApi(source.Http, new Uri(_api.Url, "wp-json/")) { MostItems = items, MostBytes = bytes };
        Assert.Equal("PUBLIC_SITE_TOO_LARGE", await SourceTests.FaultOf(() => PublicSourceTests.ReadAsync(source with { Api = api })));
    }

    [Theory]
    [InlineData("<link rel=\"https://api.w.org/\" ")]
    [InlineData("<meta content=\"")]
    [InlineData("<link ")]
    public async Task No_home_page_keeps_a_processor_busy(string piece)
    {
        _api.Home = string.Concat(Enumerable.Repeat(piece, 3_000_000 / piece.Length));
        var started = TimeProvider.System.GetTimestamp();
        using var source = await ConnectAsync();
        Assert.Equal(2 << 20, source.HomePage.Length);
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task A_few_bytes_now_and_then_are_no_answer()
    {
        _api.Drips("/posts", bytes: 1);
        Assert.Equal("SOURCE_UNREACHABLE", await SourceTests.FaultOf(() => GetAsync(patience: TimeSpan.FromSeconds(0.5), longest: TimeSpan.FromMinutes(2))));
        Assert.Equal(3, _api.Asked.Count(asked => asked == "/posts"));
    }

    [Fact]
    public async Task An_answer_that_comes_just_fast_enough_has_its_limit_too()
    {
        _api.Drips("/posts", bytes: 80 << 10);
        Assert.Equal("SOURCE_SERVER_ERROR", await SourceTests.FaultOf(() => GetAsync(patience: TimeSpan.FromSeconds(30), longest: TimeSpan.FromSeconds(0.5))));
        Assert.Single(_api.Asked, asked => asked == "/posts");
    }

    /// <summary>Elements that are never closed, each with an attribute of its own: as many as are read at all, and as many as a page may have.</summary>
    [Theory]
    [InlineData("<div id={0}>")]
    [InlineData("<b id={0}>")]
    [InlineData("<a href=/{0}>")]
    [InlineData("<b id={0}><p>")]
    [InlineData("<a href=/{0}><p>")]
    [InlineData("<table id={0}><tr><td>")]
    [InlineData("<table id={0}>")]
    [InlineData("<template id={0}>")]
    [InlineData("<TEMPLATE/>")]
    [InlineData("<select id={0}><option>")]
    [InlineData("<svg><foreignObject id={0}>")]
    [InlineData("<nav><ul><li id={0}>")]
    [InlineData("<ul class=menu><li><a href=/{0}>x</a>")]
    public void No_depth_of_a_page_overflows_the_stack_or_keeps_a_processor_busy(string piece)
    {
        var started = TimeProvider.System.GetTimestamp();
        // Alone it takes two seconds at most; what grows with the square of the page takes minutes.
        foreach (var pieces in (int[])[(2 << 20) / piece.Length, 19_000 / piece.Count(c => c == '<')])
        {
            var page = string.Concat(Enumerable.Range(0, pieces).Select(i => piece.Replace("{0}", $"{i}", StringComparison.Ordinal)));
            Assert.InRange(HomePageMenus.Of(page, _api.Url).Count, 0, 3);
        }

        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromMinutes(2));
    }

    [Fact]
    public void A_tag_of_attributes_without_end_and_end_tags_without_number_are_not_read()
    {
        var attributes = string.Concat(Enumerable.Range(0, 300_000).Select(i => $" a{i}"));
        var ends = string.Concat(Enumerable.Repeat("</y>", 300_000));
        const string Menu = "<nav><ul><li><a href=/x>X</a></li></ul></nav>";
        Assert.NotEmpty(HomePageMenus.Of($"<p title='>'>{Menu}", _api.Url));
        Assert.Empty(HomePageMenus.Of($"<p{attributes}>{Menu}", _api.Url));
        Assert.Empty(HomePageMenus.Of($"<p title='>'{attributes}>{Menu}", _api.Url));
        Assert.Empty(HomePageMenus.Of($"{Menu}{ends}", _api.Url));
    }

    private async Task GetAsync(TimeSpan patience, TimeSpan longest)
    {
        using var turn = new SemaphoreSlim(1);
        using var http = new PublicHttp(new SourceHttp(new SourceOptions { AllowLoopback = true }, TimeProvider.System), turn, TimeProvider.System)
        {
            Patience = patience,
            LongestAnswer = longest,
        };
        await http.GetAsync(new Uri(_api.Url, "/posts"), default);
    }

    private Task<PublicSource> ConnectAsync() => new PublicSources(new SourceOptions { AllowLoopback = true }, TimeProvider.System)
        .ConnectAsync(SourceTests.OrderFor(_api.Url) with { Fidelity = CloneFidelity.Public }, default);
}
