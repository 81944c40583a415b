using CloneHub.Provisioning.WordPress.Import;

namespace CloneHub.Provisioning.WordPress.PublicSite;

/// <summary>What a page of the clone can be reached by.</summary>
/// <param name="Type">"post_type" or "taxonomy".</param>
/// <param name="Kind">Which of them: "page", "category".</param>
internal sealed record KnownPlace(string Type, string Kind, long Id);

/// <summary>Writes what a site publishes into the clone's tables, ids kept. Each kind of content is in a file of its own.</summary>
/// <param name="home">The source's home page.</param>
/// <param name="clone">The clone's, without slash at the end.</param>
internal sealed partial class ContentCopy(CollectionReader reader, ContentTables tables, PublicText text, ImportWarnings warnings, Uri home, string clone)
{
    private const int LongestPath = 500;

    /// <summary>Enough to tell a rule by; the places of all would only cost room.</summary>
    private const int MostAddresses = 5_000;

    private readonly Dictionary<string, KnownPlace> _places = new(StringComparer.OrdinalIgnoreCase);

    private void Know(string link, string type, string kind, long id)
    {
        if (PublicText.PathBelow(home, link) is { Length: <= LongestPath } path) _places.TryAdd(path, new KnownPlace(type, kind, id));
    }
}
