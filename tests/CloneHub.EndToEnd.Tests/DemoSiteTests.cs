using System.Text.RegularExpressions;
using CloneHub.Dev.Host;
using CloneHub.Dev.WordPress;
using CloneHub.Testing;

namespace CloneHub.EndToEnd.Tests;

[Trait("Needs", "servers")]
public sealed partial class DemoSiteTests(ServersFixture servers) : IClassFixture<ServersFixture>
{
    [Fact]
    public async Task The_demo_site_is_worth_cloning()
    {
        await using var site = await servers.StartSiteAsync(new SourceSiteOptions { Name = ServersFixture.Unique("d"), Content = SiteContent.Demo });
        using var client = LoopbackHttp.CreateClient(site.Url);

        Assert.InRange(await CountAsync(site, "post_type IN ('post', 'page') AND post_status = 'publish'"), 60, 1000);
        Assert.InRange(await CountAsync(site, "post_type = 'attachment'"), 100, 1000);
        Assert.InRange(await CountAsync(site, "post_type = 'nav_menu_item'"), 10, 1000);

        var home = await client.GetStringAsync(site.Url);
        Assert.Contains("primary-navigation", home, StringComparison.Ordinal);
        Assert.Contains("wp-block-search", home, StringComparison.Ordinal);
        foreach (var link in SiteLinks(home, site).Take(6).Concat(MediaOf(home).Take(6)))
        {
            using var answer = await client.GetAsync(link);
            Assert.True(answer.IsSuccessStatusCode, $"{link}: {answer.StatusCode}");
        }
    }

    [Fact]
    public async Task Every_file_of_the_media_library_is_there()
    {
        await using var site = await servers.StartSiteAsync(new SourceSiteOptions { Name = ServersFixture.Unique("d"), Content = SiteContent.Demo });
        var missing = await site.RunPhpAsync(
            "foreach (get_posts(['post_type' => 'attachment', 'numberposts' => -1, 'post_status' => 'any']) as $p) { "
            + "$m = wp_get_attachment_metadata($p->ID) ?: []; $f = get_attached_file($p->ID); if (!is_file($f)) echo $f, PHP_EOL; "
            + "foreach ($m['sizes'] ?? [] as $s) if (!is_file(dirname($f) . '/' . $s['file'])) echo $s['file'], PHP_EOL; }",
            default);
        Assert.Empty(missing);
    }

    private static async Task<int> CountAsync(SourceSite site, string where) =>
        int.Parse((await site.QueryAsync($"SELECT COUNT(*) FROM wp_posts WHERE {where}", default))[0][0]!, System.Globalization.CultureInfo.InvariantCulture);

    private static IEnumerable<string> SiteLinks(string html, SourceSite site) =>
        Links().Matches(html).Select(link => link.Groups[1].Value).Where(link => link.StartsWith(site.Url.AbsoluteUri, StringComparison.Ordinal)).Distinct();

    private static IEnumerable<string> MediaOf(string html) => Images().Matches(html).Select(image => image.Groups[1].Value).Distinct();

    [GeneratedRegex("<a [^>]*href=\"([^\"#?]+)\"")]
    private static partial Regex Links();

    [GeneratedRegex("src=\"(http://127[^\"?]+/uploads/[^\"?]+)\"")]
    private static partial Regex Images();
}
