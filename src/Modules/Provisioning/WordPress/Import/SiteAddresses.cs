using CloneHub.Provisioning.WordPress.Rewriting;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>What in a site's content is an address of the source, and what it is in the clone.</summary>
internal static class SiteAddresses
{
    internal static RewriteMap Map(SourceFacts facts, CloneTarget target)
    {
        var home = new Uri(target.PublicAddress);
        var content = new Uri($"{target.PublicAddress}/wp-content");
        return Addresses(facts, home, content)
            .Path(facts.AbsolutePath, target.Root.FullName)
            .Path(facts.ContentDirectory, target.ContentRoot)
            .Path(facts.PluginsDirectory, $"{target.ContentRoot}/plugins")
            .Path(facts.UploadsDirectory, $"{target.ContentRoot}/uploads");
    }

    /// <summary>The addresses alone: what a visitor of the clone must not find in its pages.</summary>
    internal static RewriteMap Addresses(SourceFacts facts, Uri home, Uri content) =>
        new RewriteMap()
            .Url(new Uri(facts.HomeUrl), home)
            .Url(new Uri(facts.SiteUrl), home)
            .Url(new Uri(facts.ContentUrl), content)
            .Url(new Uri(facts.PluginsUrl), new Uri($"{content}/plugins"))
            .Url(new Uri(facts.UploadsUrl), new Uri($"{content}/uploads"));
}
