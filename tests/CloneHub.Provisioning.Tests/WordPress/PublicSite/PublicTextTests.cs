using System.Text.Json;
using CloneHub.Provisioning.WordPress.PublicSite;
using CloneHub.Provisioning.WordPress.Rewriting;

namespace CloneHub.Provisioning.Tests.WordPress.PublicSite;

public sealed class PublicTextTests
{
    private static readonly Uri Home = new("https://www.source.example/blog/");
    private readonly PublicText _text = new(new ContentRewriter(new RewriteMap().Url(Home, new Uri("http://job.localhost:5080"))));

    [Fact]
    public void Content_becomes_one_block_with_the_addresses_of_the_clone() => Assert.Equal(
        "<!-- wp:html -->\n<p><a href=\"http://job.localhost:5080/a/\">a</a></p>\n<!-- /wp:html -->",
        _text.Content("\n<p><a href=\"https://source.example/blog/a/\">a</a></p>\n"));

    [Fact]
    public void No_block_can_hide_in_content() =>
        Assert.DoesNotContain("wp:latest-posts", _text.Content("<!-- wp:latest-posts /--><!--  /wp:html -->").Replace("<!-- - wp:", "", StringComparison.Ordinal), StringComparison.Ordinal);

    [Theory]
    [InlineData("Brot &amp; Butter &#8211; &#8220;warm&#8221;", "Brot &amp; Butter – “warm”")]
    [InlineData("Fish &#038; chips", "Fish &amp; chips")]
    [InlineData("1 &lt; 2 &#x3E; 0 &nosuch; &", "1 &lt; 2 &gt; 0 &nosuch; &")]
    public void A_title_keeps_its_letters_and_gains_no_markup(string rendered, string title) => Assert.Equal(title, _text.Title(rendered));

    [Theory]
    [InlineData("<p>Written by hand.</p>\n", "Written by hand.")]
    [InlineData("<p>The beginning of a post [&hellip;]</p>\n", "")]
    [InlineData("<p>The beginning of a post&hellip; <a class=\"more-link\" href=\"#\">more</a></p>\n", "")]
    public void An_excerpt_that_nobody_wrote_is_none(string rendered, string excerpt) => Assert.Equal(excerpt, _text.Excerpt(rendered));

    [Theory]
    [InlineData("https://source.example/blog/a/?x=1", "a/?x=1")]
    [InlineData("http://www.source.example/blog/", "")]
    [InlineData("https://source.example/other/", null)]
    [InlineData("https://elsewhere.example/blog/a/", null)]
    public void A_path_is_one_below_the_home_page(string address, string? path) => Assert.Equal(path, PublicText.PathBelow(Home, address));

    [Theory]
    [InlineData("""{"a":"x\ud83dy"}""", "x\uFFFDy")]
    [InlineData("""{"a":"\udc00\ud83d\ude00"}""", "\uFFFD\U0001F600")]
    [InlineData("""{"a":"\\ud83d"}""", "\\ud83d")]
    [InlineData("""{"a":"\ud83d"}""", "\uFFFD")]
    public void Half_letters_spoil_no_text(string json, string text) =>
        Assert.Equal(text, new RestItem(RestDocument.Parse(System.Text.Encoding.UTF8.GetBytes(json))!.Value).Text("a"));

    [Fact]
    public void Bytes_that_are_no_letters_spoil_no_text() =>
        Assert.Equal("\uFFFD", new RestItem(RestDocument.Parse([.. "{\"a\":\""u8, 0xFF, .. "\"}"u8])!.Value).Text("a"));

    [Fact]
    public void Lists_are_written_as_PHP_does()
    {
        using var json = JsonDocument.Parse("""{"caption":"Öl","keywords":["a",2],"on":true,"none":null,"half":0.5}""");
        Assert.Equal(
            "a:3:{s:5:\"width\";i:640;s:4:\"meta\";a:5:{s:7:\"caption\";s:3:\"Öl\";s:8:\"keywords\";a:2:{i:0;s:1:\"a\";i:1;i:2;}s:2:\"on\";b:1;s:4:\"none\";N;s:4:\"half\";d:0.5;}"
                + "s:3:\"ids\";a:2:{i:0;i:7;i:1;i:9;}}",
            PhpSerialized.Of(new (object, object?)[] { ("width", 640), ("meta", json.RootElement), ("ids", new (object, object?)[] { (0, 7L), (1, 9L) }) }));
    }

    [Fact]
    public void Menus_are_the_lists_of_links_in_the_navigation_of_a_page()
    {
        const string Page = """
            <header><nav id="site"><ul id="menu-main"><li><a href="/blog/">Home</a></li>
              <li><a href="https://source.example/blog/bread/"><span>Our</span> bread</a><ul class="sub-menu"><li><a href="/blog/rye/">Rye</a></li><li><a href="javascript:void(0)">No</a></li></ul></li>
              <li><a href="mailto:a@b.example">Mail</a></li></ul></nav></header>
            <nav class="navigation pagination"><ul><li><a href="/blog/page/2/">2</a></li></ul></nav>
            <ul class="menu"><li><a href="/blog/imprint/">Imprint</a></li></ul><ul><li><a href="/blog/x/">no menu</a></li></ul>
            """;
        var menus = HomePageMenus.Of(Page, Home);

        Assert.Equal(["Home", "Our bread"], menus[0].Select(link => link.Label));
        Assert.Equal(["https://www.source.example/blog/rye/"], menus[0][1].Children.Select(link => link.Url));
        Assert.Equal(["Imprint"], menus[1].Select(link => link.Label));
        Assert.Equal(2, menus.Count);
    }
}
