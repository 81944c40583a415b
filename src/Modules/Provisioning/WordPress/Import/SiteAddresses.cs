using CloneHub.Provisioning.WordPress.Rewriting;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>What in a site's content is an address of the source, and what it is in the clone.</summary>
internal static class SiteAddresses
{
    internal static RewriteMap Map(SourceFacts facts, CloneTarget target) =>
        Addresses(facts.Addresses, new Uri(target.PublicAddress))
            .Path(facts.AbsolutePath, target.Root.FullName)
            .Path(facts.ContentDirectory, target.ContentRoot)
            .Path(facts.PluginsDirectory, $"{target.ContentRoot}/plugins")
            .Path(facts.MustUsePluginsDirectory, $"{target.ContentRoot}/mu-plugins")
            .Path(facts.UploadsDirectory, $"{target.Root.FullName}/{facts.UploadsPlace}");

    /// <summary>The addresses alone: what a visitor of the clone must not find in its pages.</summary>
    internal static RewriteMap Addresses(SourceAddresses source, Uri clone) =>
        source.Beside(clone).Aggregate(new RewriteMap(), (map, pair) => map.Url(pair.Source, pair.Clone));
}
