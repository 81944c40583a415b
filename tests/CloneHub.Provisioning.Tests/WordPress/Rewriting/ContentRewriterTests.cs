using System.Text;
using CloneHub.Provisioning.WordPress.Rewriting;

namespace CloneHub.Provisioning.Tests.WordPress.Rewriting;

public sealed class ContentRewriterTests
{
    private static readonly ContentRewriter Rewriter = new(new RewriteMap()
        .Url(new Uri("https://example.com"), new Uri("http://job-x.localhost:5080"))
        .Path("/srv/www/site/", "/data/clones/x"));

    [Theory]
    [InlineData("https://example.com", "http://job-x.localhost:5080")]
    [InlineData("http://example.com/", "http://job-x.localhost:5080/")]
    [InlineData("HTTPS://Example.COM/Path", "http://job-x.localhost:5080/Path")]
    [InlineData("https://www.example.com/a", "http://job-x.localhost:5080/a")]
    [InlineData("//example.com/a.css", "//job-x.localhost:5080/a.css")]
    [InlineData("src=\"//www.example.com/a.css\"", "src=\"//job-x.localhost:5080/a.css\"")]
    [InlineData("https://example.com:443/a", "http://job-x.localhost:5080/a")]
    [InlineData("see https://example.com.", "see http://job-x.localhost:5080.")]
    [InlineData("https://example.com?p=1#x", "http://job-x.localhost:5080?p=1#x")]
    [InlineData("“https://example.com” 😀", "“http://job-x.localhost:5080” 😀")]
    [InlineData("50% of https://example.com/%E4%BD%A0%postname%/", "50% of http://job-x.localhost:5080/%E4%BD%A0%postname%/")]
    [InlineData("https://example.com/a 1x, https://example.com/b 2x", "http://job-x.localhost:5080/a 1x, http://job-x.localhost:5080/b 2x")]
    [InlineData("https://web.archive.org/web/https://example.com/a", "https://web.archive.org/web/http://job-x.localhost:5080/a")]
    public void A_plain_address_leads_to_the_clone(string value, string expected) => AssertRewritten(value, expected);

    [Theory]
    [InlineData("""{"url":"https:\/\/example.com\/a"}""", """{"url":"http:\/\/job-x.localhost:5080\/a"}""")]
    [InlineData("""{"a":"{\"url\":\"https:\\\/\\\/example.com\\\/a\"}"}""", """{"a":"{\"url\":\"http:\\\/\\\/job-x.localhost:5080\\\/a\"}"}""")]
    [InlineData("""{"text":"line\nhttps:\/\/example.com\/a"}""", """{"text":"line\nhttp:\/\/job-x.localhost:5080\/a"}""")]
    [InlineData("""{"url":"https:\u002F\u002Fexample.com\u002Fa"}""", """{"url":"http:\u002F\u002Fjob-x.localhost:5080\u002Fa"}""")]
    [InlineData("""<!-- wp:image {"url":"https:\/\/example.com\/i.png"} -->""", """<!-- wp:image {"url":"http:\/\/job-x.localhost:5080\/i.png"} -->""")]
    [InlineData("u=https%3A%2F%2Fexample.com%2Fa", "u=http%3A%2F%2Fjob-x.localhost%3A5080%2Fa")]
    [InlineData("u=https%3a%2f%2fexample.com%2fa", "u=http%3a%2f%2fjob-x.localhost%3a5080%2fa")]
    [InlineData("u=https%253A%252F%252Fexample.com%252Fa", "u=http%253A%252F%252Fjob-x.localhost%253A5080%252Fa")]
    [InlineData("x%3Dhttps%3A%2F%2Fexample.com", "x%3Dhttp%3A%2F%2Fjob-x.localhost%3A5080")]
    [InlineData("u=%2F%2Fexample.com%2Fa", "u=%2F%2Fjob-x.localhost%3A5080%2Fa")]
    [InlineData("https:&#x2F;&#x2F;example.com&#x2F;a", "http:&#x2F;&#x2F;job-x.localhost:5080&#x2F;a")]
    [InlineData("https&#58;&#47;&#47;example.com", "http&#58;&#47;&#47;job-x.localhost&#58;5080")]
    [InlineData("https&#x3A;&#x2F;&#x2F;example.com", "http&#x3A;&#x2F;&#x2F;job-x.localhost&#x3A;5080")]
    public void An_address_keeps_its_encoding(string value, string expected) => AssertRewritten(value, expected);

    [Theory]
    [InlineData("admin@example.com")]
    [InlineData("mailto:admin@example.com")]
    [InlineData("https://example.com.evil.org/")]
    [InlineData("https://example.community/")]
    [InlineData("https://example.com-mirror.org/")]
    [InlineData("https://shop.example.com/")]
    [InlineData("https://notexample.com/")]
    [InlineData("https://example.com:8443/")]
    [InlineData("https%3A%2F%2Fexample.com%3A8443%2F")]
    [InlineData("ftp://example.com/file")]
    [InlineData("https://example.com@evil.org/")]
    [InlineData("example.com")]
    [InlineData("https://cdn.org/path//example.com/x")]
    [InlineData("https:/example.com/")]
    [InlineData("https:\\//example.com/")]
    [InlineData("/srv/www/site2/x")]
    [InlineData("/mnt/srv/www/site/x")]
    [InlineData("/srv/www/site.bak/x")]
    [InlineData("")]
    [InlineData("%")]
    public void What_only_resembles_the_source_stays(string value)
    {
        Assert.Null(Rewriter.Rewrite(Encoding.UTF8.GetBytes(value)));
        Assert.False(Rewriter.IsMatch(Encoding.UTF8.GetBytes(value)));
    }

    [Theory]
    [InlineData("https://&#101;&#120;&#97;&#109;&#112;&#108;&#101;&#46;&#99;&#111;&#109;/a")]
    [InlineData("&#x68;ttps://ex&#x61;mple.com")]
    [InlineData("&#0104;&#116;&#116;&#112;&#58;&#47;&#47;www&#46;example.com")]
    [InlineData("""{"url":"https:\/\/\u0065\u0078\u0061\u006d\u0070\u006C\u0065.com\/a"}""")]
    public void A_host_that_is_written_letter_by_letter_stays_and_is_told(string value)
    {
        foreach (var text in new[] { value, new string('x', 16_370) + "&#33; " + value })
        {
            Assert.Null(Rewriter.Rewrite(Encoding.UTF8.GetBytes(text)));
            Assert.True(Rewriter.IsSpelledOut(Encoding.UTF8.GetBytes(text)));
        }
    }

    [Theory]
    [InlineData("https://&#101;xample.org/")]
    [InlineData("mailto:&#97;dmin@&#101;xample.com")]
    [InlineData("https://&#101example.com/ &# &#; &#x; &#99999999999; \\u00 \\u00zz")]
    [InlineData("https://e&#228;xample.com/ \\u00e4")]
    [InlineData("https://example.com/")]
    public void What_is_not_spelled_out_is_not_told(string value) => Assert.False(Rewriter.IsSpelledOut(Encoding.UTF8.GetBytes(value)));

    [Theory]
    [InlineData("/srv/www/site", "/data/clones/x")]
    [InlineData("/srv/www/site/wp-content/a.png", "/data/clones/x/wp-content/a.png")]
    [InlineData("""{"f":"\/srv\/www\/site\/a"}""", """{"f":"\/data\/clones\/x\/a"}""")]
    [InlineData("f=%2Fsrv%2Fwww%2Fsite%2Fa", "f=%2Fdata%2Fclones%2Fx%2Fa")]
    [InlineData("f%3D%2Fsrv%2Fwww%2Fsite%2Fa", "f%3D%2Fdata%2Fclones%2Fx%2Fa")]
    [InlineData("s:18:\"/srv/www/site/abcd\";", "s:19:\"/data/clones/x/abcd\";")]
    public void A_folder_of_the_server_becomes_the_clones(string value, string expected) => AssertRewritten(value, expected);

    [Fact]
    public void Windows_folders_are_found_in_each_of_their_forms()
    {
        var rewriter = new ContentRewriter(new RewriteMap().Path(@"C:\xampp\htdocs/", "/data/x"));
        Assert.Equal("/data/x\\wp", Text(rewriter.Rewrite(@"C:\xampp\htdocs\wp"u8)));
        Assert.Equal("/data/x/wp", Text(rewriter.Rewrite("C:/xampp/htdocs/wp"u8)));
        Assert.Equal("""{"p":"\/data\/x\\wp"}""", Text(rewriter.Rewrite("""{"p":"C:\\xampp\\htdocs\\wp"}"""u8)));
    }

    [Fact]
    public void A_site_in_a_folder_keeps_its_neighbours_out()
    {
        var rewriter = new ContentRewriter(new RewriteMap()
            .Url(new Uri("https://example.com/wp"), new Uri("http://c.localhost"))
            .Url(new Uri("https://example.com/assets"), new Uri("http://c.localhost/wp-content")));
        Assert.Equal("http://c.localhost/wp-admin", Text(rewriter.Rewrite("https://example.com/wp/wp-admin"u8)));
        Assert.Equal("""http:\/\/c.localhost\/wp-content\/a""", Text(rewriter.Rewrite("""https:\/\/example.com\/assets\/a"""u8)));
        Assert.Null(rewriter.Rewrite("https://example.com/wp2/"u8));
        Assert.Null(rewriter.Rewrite("https://example.com/shop/"u8));
    }

    [Fact]
    public void The_longest_address_wins()
    {
        var rewriter = new ContentRewriter(new RewriteMap()
            .Url(new Uri("https://example.com"), new Uri("http://c.localhost"))
            .Url(new Uri("https://example.com/wp"), new Uri("http://c.localhost")));
        Assert.Equal("http://c.localhost/x http://c.localhost/y", Text(rewriter.Rewrite("https://example.com/wp/x https://example.com/y"u8)));
    }

    [Theory]
    [InlineData("https://example.com", "https://example.com/clone")]
    [InlineData("http://localhost", "http://job-x.localhost:5080")]
    [InlineData("http://127.0.0.1:8080", "http://127.0.0.1:8080/sites/127.0.0.1/")]
    [InlineData("https://example.com", "https://example.com.test")]
    public void A_target_that_holds_the_source_is_not_rewritten_again(string from, string to)
    {
        var rewriter = new ContentRewriter(new RewriteMap().Url(new Uri(from), new Uri(to)));
        var once = rewriter.Rewrite(Encoding.UTF8.GetBytes($"a {from}/x b {from} c"));
        Assert.Equal($"a {to.TrimEnd('/')}/x b {to.TrimEnd('/')} c", Text(once));
        Assert.Null(rewriter.Rewrite(once));
    }

    [Fact]
    public void International_hosts_are_found_in_both_spellings()
    {
        var rewriter = new ContentRewriter(new RewriteMap().Url(new Uri("https://müller.example"), new Uri("http://c.localhost")));
        Assert.Equal("http://c.localhost/a", Text(rewriter.Rewrite("https://müller.example/a"u8)));
        Assert.Equal("http://c.localhost/a", Text(rewriter.Rewrite("https://xn--mller-kva.example/a"u8)));
    }

    [Fact]
    public void Bytes_that_are_no_text_stay_as_they_are()
    {
        byte[] value = [0xff, 0x00, 0xc3, .. "https://example.com"u8, 0xe4, 0x1a, 0x00];
        byte[] expected = [0xff, 0x00, 0xc3, .. "http://job-x.localhost:5080"u8, 0xe4, 0x1a, 0x00];
        Assert.Equal(expected, Rewriter.Rewrite(value));
    }

    private static void AssertRewritten(string value, string expected)
    {
        var once = Rewriter.Rewrite(Encoding.UTF8.GetBytes(value));
        Assert.Equal(expected, Text(once));
        Assert.Null(Rewriter.Rewrite(once));
    }

    private static string Text(byte[]? value) => value is null ? "(unchanged)" : Encoding.UTF8.GetString(value);
}
