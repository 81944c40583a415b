using CloneHub.Dev.WordPress;
using CloneHub.Provisioning.WordPress;
using CloneHub.Testing;

namespace CloneHub.Provisioning.Tests.WordPress.Source;

/// <summary>Whoever visits a site while it is copied goes first.</summary>
[Trait("Needs", "servers")]
public sealed class VisitorsTests : IClassFixture<ServersFixture>, IAsyncLifetime
{
    /// <summary>A page that is being made until somebody lets it go.</summary>
    private const string Lasting = """
        file_put_contents((wp_mkdir_p(WPMU_PLUGIN_DIR) ? WPMU_PLUGIN_DIR : '') . '/lasting.php', <<<'PHP'
        <?php
        isset($_GET['lasting']) && add_action('init', static function () {
            for (touch(WP_CONTENT_DIR . '/inside'); file_exists(WP_CONTENT_DIR . '/inside'); clearstatcache()) usleep(1000);
        });
        PHP);
        """;

    private static readonly FileRoot[] Roots = [FileRoot.Core, FileRoot.Content];

    private readonly ServersFixture _servers;
    private SourceSite _site = null!;

    public VisitorsTests(ServersFixture servers) => _servers = servers;

    private string Inside => Path.Combine(_site.Root.FullName, "wp-content", "inside");

    public async Task InitializeAsync()
    {
        _site = await _servers.StartSiteAsync(new SourceSiteOptions { Name = ServersFixture.Unique("s") });
        await _site.RunPhpAsync(Lasting, CancellationToken.None);
    }

    public async Task DisposeAsync() => await _site.DisposeAsync();

    [Theory]
    [InlineData("?lasting", true)]
    [InlineData("wp-admin/admin-ajax.php?lasting", true)]
    [InlineData("wp-cron.php?lasting", false)]
    public async Task Every_answer_waits_while_a_page_is_made_and_ends_though_the_page_does_not(string address, bool isVisit)
    {
        await using var channel = await SourceTests.ConnectAsync(_site);
        var schema = await channel.SchemaAsync(CancellationToken.None);
        Assert.Equal(Waits(false), await WaitsAsync(channel, schema));
        using var visitor = new HttpClient();
        var page = visitor.GetAsync(new Uri(_site.Url, address));
        await Eventually.Until("the page is being made", () => File.Exists(Inside));

        Assert.Equal(Waits(isVisit), await WaitsAsync(channel, schema));

        File.Delete(Inside);
        using var answer = await page;
        Assert.Equal(Waits(false), await WaitsAsync(channel, schema));
        await channel.ByeAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_site_whose_pages_never_end_is_copied_all_the_same()
    {
        await using var channel = await SourceTests.ConnectAsync(_site);
        using var visitor = new HttpClient();
        var page = visitor.GetAsync(new Uri(_site.Url, "?lasting"));
        await Eventually.Until("the page is being made", () => File.Exists(Inside));
        var started = TimeProvider.System.GetTimestamp();

        foreach (var root in Roots) await channel.ListAsync(root, CancellationToken.None).ToListAsync();

        // A fifth of the time is the copy's, but for the first moment of each answer.
        var (all, waited) = (TimeProvider.System.GetElapsedTime(started), channel.WaitedForVisitors);
        Assert.InRange(waited.TotalSeconds, 0.25 * Roots.Length, (0.25 * Roots.Length) + (0.8 * all.TotalSeconds) + 0.1);
        File.Delete(Inside);
        using var answer = await page;
        await channel.ByeAsync(CancellationToken.None);
    }

    private static IEnumerable<bool> Waits(bool every) => Enumerable.Repeat(every, 3);

    /// <summary>Whether a list, a dump and a delivery of files waited for anybody.</summary>
    private static async Task<bool[]> WaitsAsync(SourceChannel channel, SourceSchema schema)
    {
        return
        [
            await HasWaitedAsync(() => channel.ListAsync(FileRoot.Content, CancellationToken.None).ToListAsync()),
            await HasWaitedAsync(() => channel.DumpAllAsync([.. schema.Tables.Where(table => !table.IsView).Select(table => table.ToDumpRequest())])),
            await HasWaitedAsync(() => channel.GetAsync(FileRoot.Core, ["index.php", "wp-login.php"], CancellationToken.None).ToListAsync()),
        ];

        async Task<bool> HasWaitedAsync(Func<Task> work)
        {
            var before = channel.WaitedForVisitors;
            await work();
            return channel.WaitedForVisitors > before;
        }
    }
}
