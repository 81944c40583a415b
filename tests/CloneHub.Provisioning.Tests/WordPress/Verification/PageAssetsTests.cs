using CloneHub.Provisioning.WordPress.Verification;

namespace CloneHub.Provisioning.Tests.WordPress.Verification;

public sealed class PageAssetsTests
{
    private static readonly Uri Home = new("http://clone.example/shop/");

    [Theory]
    [InlineData("<img class='a' src='/a.png'>", "http://clone.example/a.png")]
    [InlineData("<IMG SRC = \"b.png?x=1&amp;y=2\" data-src='lazy.png'>", "http://clone.example/shop/b.png?x=1&y=2")]
    [InlineData("<script async src=\"//cdn.example/c.js\"></script>", "http://cdn.example/c.js")]
    [InlineData("<link rel='stylesheet' href='/d.css#part'>", "http://clone.example/d.css")]
    [InlineData("<link href='/e.ico' rel=\"shortcut icon\">", "http://clone.example/e.ico")]
    [InlineData("<video src='f.mp4'><source src='g.webm'></video>", "http://clone.example/shop/f.mp4 http://clone.example/shop/g.webm")]
    [InlineData("<link rel='alternate' href='/feed/'><link rel='https://api.w.org/' href='/wp-json/'>", "")]
    [InlineData("<img data-src='/lazy.png'><img src='data:image/gif;base64,R0'><img src=''><script>var src='x.js'</script><a href='/page'>", "")]
    public void What_a_browser_fetches_is_found(string page, string expected) =>
        Assert.Equal(expected, string.Join(' ', PageAssets.Of(page, Home).Select(address => address.AbsoluteUri)));

    /// <summary>With patterns that go back over what they have seen it would take hours.</summary>
    [Theory]
    [InlineData("<img")]
    [InlineData("<link rel=")]
    [InlineData("<link rel='a ")]
    public void A_page_that_is_made_to_take_long_does_not(string piece)
    {
        var began = TimeProvider.System.GetTimestamp();

        Assert.Empty(PageAssets.Of(string.Concat(Enumerable.Repeat(piece, 1_000_000)), Home));

        Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromMinutes(1));
    }
}
