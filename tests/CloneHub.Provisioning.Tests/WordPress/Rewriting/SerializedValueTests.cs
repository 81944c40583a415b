using System.Text;
using CloneHub.Provisioning.WordPress.Rewriting;

namespace CloneHub.Provisioning.Tests.WordPress.Rewriting;

public sealed class SerializedValueTests
{
    private static readonly ContentRewriter Rewriter = new(new RewriteMap().Url(new Uri("https://example.com"), new Uri("http://job-x.localhost:5080")));

    [Theory]
    [InlineData("""s:19:"https://example.com";""", """s:27:"http://job-x.localhost:5080";""")]
    [InlineData("""a:1:{s:3:"url";s:19:"https://example.com";}""", """a:1:{s:3:"url";s:27:"http://job-x.localhost:5080";}""")]
    [InlineData("""a:1:{s:19:"https://example.com";i:1;}""", """a:1:{s:27:"http://job-x.localhost:5080";i:1;}""")]
    [InlineData("""a:2:{i:0;s:4:"ü%";i:1;s:19:"https://example.com";}""", """a:2:{i:0;s:4:"ü%";i:1;s:19:"https://example.com";}""", false)]
    [InlineData("""a:2:{i:0;s:3:"ü%";i:1;s:19:"https://example.com";}""", """a:2:{i:0;s:3:"ü%";i:1;s:27:"http://job-x.localhost:5080";}""")]
    [InlineData("""a:2:{i:0;s:4:"😀";i:1;s:19:"https://example.com";}""", """a:2:{i:0;s:4:"😀";i:1;s:27:"http://job-x.localhost:5080";}""")]
    [InlineData("""a:3:{i:0;O:8:"stdClass":1:{s:1:"u";s:19:"https://example.com";}i:1;r:2;i:2;R:3;}""", """a:3:{i:0;O:8:"stdClass":1:{s:1:"u";s:27:"http://job-x.localhost:5080";}i:1;r:2;i:2;R:3;}""")]
    [InlineData("""a:5:{i:0;N;i:1;b:1;i:2;d:1.5E+25;i:3;d:-INF;i:4;s:19:"https://example.com";}""", """a:5:{i:0;N;i:1;b:1;i:2;d:1.5E+25;i:3;d:-INF;i:4;s:27:"http://job-x.localhost:5080";}""")]
    [InlineData("""a:2:{i:0;E:11:"Suit:Hearts";i:1;s:19:"https://example.com";}""", """a:2:{i:0;E:11:"Suit:Hearts";i:1;s:27:"http://job-x.localhost:5080";}""")]
    [InlineData("""a:1:{s:1:"j";s:32:"{"u":"https:\/\/example.com\/a"}";}""", """a:1:{s:1:"j";s:40:"{"u":"http:\/\/job-x.localhost:5080\/a"}";}""")]
    [InlineData("""s:43:"a:1:{s:3:"url";s:19:"https://example.com";}";""", """s:51:"a:1:{s:3:"url";s:27:"http://job-x.localhost:5080";}";""")]
    [InlineData("""C:11:"ArrayObject":58:{x:i:0;a:1:{s:1:"u";s:21:"https://example.com/a";};m:a:0:{}}""", """C:11:"ArrayObject":66:{x:i:0;a:1:{s:1:"u";s:29:"http://job-x.localhost:5080/a";};m:a:0:{}}""")]
    public void Lengths_follow_at_every_level(string value, string expected, bool valid = true)
    {
        if (valid) Assert.Equal(expected, Rewrite(value));
        else Assert.NotEqual(expected, Rewrite(value));
    }

    [Fact]
    public void Names_of_private_and_protected_properties_keep_their_nul_bytes()
    {
        var value = "O:3:\"Foo\":2:{s:6:\"\0Foo\0a\";s:19:\"https://example.com\";s:4:\"\0*\0b\";s:1:\"x\";}";
        var expected = "O:3:\"Foo\":2:{s:6:\"\0Foo\0a\";s:27:\"http://job-x.localhost:5080\";s:4:\"\0*\0b\";s:1:\"x\";}";
        Assert.Equal(expected, Rewrite(value));
    }

    [Theory]
    [InlineData("""a:1:{s:3:"url";s:99:"https://example.com";}""")]
    [InlineData("""a:2:{s:3:"url";s:19:"https://example.com";}""")]
    [InlineData("""a:1:{s:3:"url";s:19:"https://example.com";""")]
    [InlineData("""s:19:"https://example.com" """)]
    [InlineData("""a:999999999:{s:3:"url";s:19:"https://example.com";}""")]
    [InlineData("""a:1:{d:0.5;s:19:"https://example.com";}""")]
    [InlineData("""s:4294967315:"https://example.com";""")]
    [InlineData("""s:-1:"https://example.com";""")]
    public void What_does_not_parse_is_plain_text(string value) =>
        Assert.Equal(value.Replace("https://example.com", "http://job-x.localhost:5080", StringComparison.Ordinal), Rewrite(value));

    [Fact]
    public void A_serialised_value_at_the_end_of_a_text_gets_its_lengths()
    {
        var value = "https://example.com/a.mp3\n123\naudio/mpeg\na:2:{s:8:\"duration\";s:8:\"00:10:00\";s:5:\"image\";s:25:\"https://example.com/i.jpeg\";}";
        var right = value.Replace("s:25:", "s:26:", StringComparison.Ordinal);
        Assert.Equal(
            right.Replace("https://example.com", "http://job-x.localhost:5080", StringComparison.Ordinal).Replace("s:26:", "s:34:", StringComparison.Ordinal),
            Rewrite(right));
    }

    [Fact]
    public void Very_deep_nesting_neither_overflows_nor_breaks()
    {
        const int depth = 100_000;
        var value = string.Concat(Enumerable.Repeat("a:1:{i:0;", depth)) + "s:19:\"https://example.com\";" + new string('}', depth);
        var expected = value.Replace("s:19:\"https://example.com\"", "s:27:\"http://job-x.localhost:5080\"", StringComparison.Ordinal);
        Assert.Equal(expected, Rewrite(value));
    }

    [Fact]
    public async Task Hostile_text_costs_a_few_passes_only()
    {
        // A pass for every opening would be 3 x 10^11 steps: minutes on any machine, where a few passes are milliseconds.
        var value = Encoding.ASCII.GetBytes("https://example.com " + string.Concat(Enumerable.Repeat(" a:9:{i:0;", 250_000)));
        Assert.NotNull(await Task.Run(() => Rewriter.Rewrite(value)).WaitAsync(TimeSpan.FromSeconds(60)));
    }

    private static string Rewrite(string value) => Encoding.UTF8.GetString(Rewriter.Rewrite(Encoding.UTF8.GetBytes(value)) ?? Encoding.UTF8.GetBytes(value));
}
