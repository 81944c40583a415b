using System.Globalization;
using CloneHub.Provisioning.WordPress.PublicSite;

namespace CloneHub.Provisioning.Tests.WordPress.PublicSite;

public sealed class PermalinksTests
{
    [Theory]
    [InlineData("/%postname%/")]
    [InlineData("/%postname%")]
    [InlineData("/%year%/%monthnum%/%day%/%postname%/")]
    [InlineData("/%year%/%monthnum%/%postname%/")]
    [InlineData("/archives/%post_id%")]
    [InlineData("/index.php/%year%/%postname%/")]
    [InlineData("/blog/%category%/%postname%.html")]
    [InlineData("/%author%/%post_id%/")]
    public void The_rule_behind_the_addresses_is_found(string structure) =>
        Assert.Equal(structure, Permalinks.StructureOf([.. Enumerable.Range(1, 30).Select(i => Post(i, structure))]));

    [Fact]
    public void Plain_addresses_have_no_rule() =>
        Assert.Equal("", Permalinks.StructureOf([.. Enumerable.Range(1, 3).Select(i => Post(i, "?p=%post_id%"))]));

    [Fact]
    public void A_few_posts_elsewhere_do_not_hide_the_rule() =>
        Assert.Equal("/%postname%/", Permalinks.StructureOf([.. Enumerable.Range(1, 30).Select(i => Post(i, i < 3 ? "/landing/%post_id%x/" : "/%postname%/"))]));

    [Fact]
    public void Where_nothing_fits_nothing_is_guessed() =>
        Assert.Null(Permalinks.StructureOf([.. Enumerable.Range(1, 30).Select(i => Post(i, $"/{(i % 2 == 0 ? "a" : "b")}/%postname%/"))]));

    [Fact]
    public void A_slug_that_looks_like_a_year_is_no_year() =>
        Assert.Equal("/%postname%/", Permalinks.StructureOf([Post(1, "/%postname%/") with { Slug = "2024", Path = "2024/" }, Post(2, "/%postname%/")]));

    [Theory]
    [InlineData("category/bread/", "bread", "category", null)]
    [InlineData("topics/bread/", "bread", "category", "topics")]
    [InlineData("index.php/topics/bread/", "bread", "category", "topics")]
    [InlineData("bread/", "bread", "category", null)]
    [InlineData("?cat=3", "bread", "category", null)]
    public void The_base_of_terms_is_read_from_their_addresses(string path, string slug, string usual, string? expected) =>
        Assert.Equal(expected, Permalinks.BaseOf([(path, slug)], usual));

    private static PostAddress Post(int id, string structure)
    {
        var number = (id + 5000).ToString(CultureInfo.InvariantCulture);
        var slug = $"a-post-{number}";
        var date = new DateTime(2019, 1, 1, 8, 30, 15).AddDays(id * 17).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        var path = structure.TrimStart('/').Replace("%postname%", slug, StringComparison.Ordinal).Replace("%post_id%", number, StringComparison.Ordinal)
            .Replace("%year%", date[..4], StringComparison.Ordinal).Replace("%monthnum%", date[5..7], StringComparison.Ordinal)
            .Replace("%day%", date[8..10], StringComparison.Ordinal).Replace("%category%", "breads/rye", StringComparison.Ordinal)
            .Replace("%author%", "ada", StringComparison.Ordinal);
        return new PostAddress(id + 5000, path, slug, date, "ada", ["rye", "breads"]);
    }
}
