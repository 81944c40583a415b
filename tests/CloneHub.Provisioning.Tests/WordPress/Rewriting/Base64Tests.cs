using System.Text;
using CloneHub.Provisioning.WordPress.Rewriting;

namespace CloneHub.Provisioning.Tests.WordPress.Rewriting;

/// <summary>Page builders keep HTML and styles in base64: WPBakery in shortcodes, Oxygen in JSON, themes in whole options.</summary>
public sealed class Base64Tests
{
    private static readonly ContentRewriter Rewriter = new(new RewriteMap()
        .Url(new Uri("https://example.com"), new Uri("http://job-x.localhost:5080"))
        .Path("/srv/www/site/", "/data/clones/x"));

    [Theory]
    [InlineData("https://example.com/a", "http://job-x.localhost:5080/a")]
    [InlineData(" https://example.com/a", " http://job-x.localhost:5080/a")]
    [InlineData("  https://example.com/a", "  http://job-x.localhost:5080/a")]
    [InlineData("<img src=\"https://example.com/ü.png\">\n", "<img src=\"http://job-x.localhost:5080/ü.png\">\n")]
    [InlineData("%3Ca%20href%3D%22https%3A%2F%2Fexample.com%2F%22%3E", "%3Ca%20href%3D%22http%3A%2F%2Fjob-x.localhost%3A5080%2F%22%3E")]
    [InlineData("""{"u":"https:\/\/example.com"}""", """{"u":"http:\/\/job-x.localhost:5080"}""")]
    [InlineData("a:1:{s:1:\"u\";s:19:\"https://example.com\";}", "a:1:{s:1:\"u\";s:27:\"http://job-x.localhost:5080\";}")]
    [InlineData("O:1:\"A\":1:{s:4:\"\0A\0u\";s:19:\"https://example.com\";}", "O:1:\"A\":1:{s:4:\"\0A\0u\";s:27:\"http://job-x.localhost:5080\";}")]
    [InlineData("https://example.com and /srv/www/site/a.php", "http://job-x.localhost:5080 and /data/clones/x/a.php")]
    public void An_address_inside_base64_leads_to_the_clone(string text, string expected)
    {
        AssertRewritten(Encoded(text), Encoded(expected));
        AssertRewritten($"[vc_raw_html]{Encoded(text)}[/vc_raw_html]", $"[vc_raw_html]{Encoded(expected)}[/vc_raw_html]");
        AssertRewritten(Serialized(Encoded(text)), Serialized(Encoded(expected)));
    }

    [Fact]
    public void In_json_the_slashes_stay_escaped()
    {
        const string Text = "ab?https://example.com/";
        Assert.Contains('/', Encoded(Text));

        AssertRewritten($$"""{"code-css":"{{Escaped(Text)}}"}""", $$"""{"code-css":"{{Escaped("ab?http://job-x.localhost:5080/")}}"}""");
    }

    [Fact]
    public void Several_pieces_and_plain_addresses_stand_side_by_side() => AssertRewritten(
        $"https://example.com/a [x]{Encoded("https://example.com/b")}[/x] data:text/html;base64,{Encoded("!https://example.com/c")} //example.com/d",
        $"http://job-x.localhost:5080/a [x]{Encoded("http://job-x.localhost:5080/b")}[/x] data:text/html;base64,{Encoded("!http://job-x.localhost:5080/c")} //job-x.localhost:5080/d");

    [Theory]
    [InlineData("mail admin@example.com today", 0)]
    [InlineData("https://example.community/", 0)]
    [InlineData("https://example.com/a", 1)]
    [InlineData("\u0001\u0002https://example.com/a", 0)]
    public void What_holds_no_address_or_is_no_base64_of_text_stays(string text, int cut) => Assert.Null(Rewriter.Rewrite(Encoding.UTF8.GetBytes(Encoded(text)[cut..])));

    [Fact]
    public void A_signed_token_stays()
    {
        var payload = Encoded("{\"iss\":\"https://example.com\",\"a\":1} ");
        Assert.Equal(0, payload.Length % 4);

        Assert.Null(Rewriter.Rewrite(Encoding.UTF8.GetBytes($"eyJhbGciOiJIUzI1NiJ9.{payload}.c2lnbmF0dXJl")));
        Assert.NotNull(Rewriter.Rewrite(Encoding.UTF8.GetBytes($"It is {payload}. And more.")));
    }

    [Fact]
    public void Bytes_that_are_no_text_stay()
    {
        var image = Convert.ToBase64String([0xff, 0xd8, .. "https://example.com"u8, 0xff]);

        Assert.Null(Rewriter.Rewrite(Encoding.ASCII.GetBytes($"data:image/jpeg;base64,{image}")));
    }

    private static string Encoded(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static string Escaped(string text) => Encoded(text).Replace("/", "\\/", StringComparison.Ordinal);

    private static string Serialized(string text) => $"a:1:{{s:3:\"css\";s:{text.Length}:\"{text}\";}}";

    private static void AssertRewritten(string value, string expected)
    {
        var rewritten = Rewriter.Rewrite(Encoding.UTF8.GetBytes(value));

        Assert.Equal(expected, rewritten is null ? null : Encoding.UTF8.GetString(rewritten));
        Assert.Null(Rewriter.Rewrite(rewritten));
    }
}
