using CloneHub.Provisioning.WordPress.PublicSite;

namespace CloneHub.Provisioning.Tests.WordPress.PublicSite;

public sealed class RobotsRulesTests
{
    [Theory]
    [InlineData("User-agent: *\nDisallow: /", "/wp-json/", false)]
    [InlineData("User-agent: *\nDisallow:", "/wp-json/", true)]
    [InlineData("User-agent: *\nDisallow: /wp-admin/\nAllow: /wp-admin/admin-ajax.php", "/wp-admin/admin-ajax.php", true)]
    [InlineData("User-agent: *\nAllow: /p\nDisallow: /", "/page", true)]
    [InlineData("User-agent: *\nAllow: /folder\nDisallow: /folder", "/folder/page", true)]
    [InlineData("User-agent: *\nAllow: /$\nDisallow: /", "/", true)]
    [InlineData("User-agent: *\nAllow: /$\nDisallow: /", "/page.htm", false)]
    [InlineData("User-agent: *\nDisallow: /*.php$", "/x/index.php", false)]
    [InlineData("User-agent: *\nDisallow: /*.php$", "/x/index.php?a=1", true)]
    [InlineData("User-agent: *\nDisallow: /fish*", "/fish.html", false)]
    [InlineData("User-agent: *\nDisallow: /fish", "/Fish", true)]
    [InlineData("User-agent: *\nDisallow: /*?rest_route=", "/?rest_route=/", false)]
    [InlineData("User-agent: *\nDisallow: /caf%c3%a9", "/café", false)]
    [InlineData("User-agent: *\nDisallow: /%7Ejoe", "/~joe", false)]
    [InlineData("User-agent: *\nDisallow: /robots.txt", "/robots.txt", true)]
    [InlineData("User-agent: clonehub\nDisallow: /\nUser-agent: *\nAllow: /", "/a", false)]
    [InlineData("User-agent: CloneHub/2.1\nAllow: /\n\nUser-agent: *\nDisallow: /", "/a", true)]
    [InlineData("User-agent: Googlebot\nUser-agent: CloneHub\nDisallow: /both", "/both", false)]
    [InlineData("User-agent: Googlebot\nDisallow: /", "/a", true)]
    [InlineData("User-agent: CloneHub\nDisallow: /a\nUser-agent: other\nDisallow: /\nUser-agent: CloneHub\nDisallow: /b", "/b", false)]
    [InlineData("Disallow: /nobody\nUser-agent: *\nDisallow: /x # not here", "/nobody", true)]
    [InlineData("\uFEFFUser-Agent : *\r\nDISALLOW : /a\r\n", "/a", false)]
    [InlineData("<html><body>Not found</body></html>", "/a", true)]
    [InlineData("", "/a", true)]
    public void The_longest_rule_of_our_group_decides(string text, string path, bool allowed) =>
        Assert.Equal(allowed, RobotsRules.Parse(text).Allows(new Uri("https://site.example" + path)));

    [Theory]
    [InlineData("User-agent: *\nCrawl-delay: 2.5", 2.5)]
    [InlineData("User-agent: *\nCrawl-delay: 86400", 30)]
    [InlineData("User-agent: *\nCrawl-delay: soon", 0)]
    [InlineData("User-agent: Bing\nCrawl-delay: 9", 0)]
    public void A_delay_is_kept_within_bounds(string text, double seconds) => Assert.Equal(TimeSpan.FromSeconds(seconds), RobotsRules.Parse(text).Delay);
}
