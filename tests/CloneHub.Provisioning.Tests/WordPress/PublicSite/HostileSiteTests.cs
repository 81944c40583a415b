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
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }

    private Task<PublicSource> ConnectAsync() => new PublicSources(new SourceOptions { AllowLoopback = true }, TimeProvider.System)
        .ConnectAsync(SourceTests.OrderFor(_api.Url) with { Fidelity = CloneFidelity.Public }, default);
}
