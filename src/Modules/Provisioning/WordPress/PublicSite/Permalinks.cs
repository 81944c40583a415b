using System.Globalization;

namespace CloneHub.Provisioning.WordPress.PublicSite;

/// <summary>What a post's address may be made of.</summary>
/// <param name="Path">Below the home page, as the site writes it: "2024/05/rye-at-dawn/".</param>
/// <param name="Date">By the site's own clock, as MySQL writes it.</param>
internal sealed record PostAddress(long Id, string Path, string Slug, string Date, string Author, IReadOnlyList<string> Categories);

/// <summary>Works out from the addresses of posts the rule that WordPress made them by, so that they are the same in the clone.</summary>
internal static class Permalinks
{
    private const double Enough = 0.9;
    private const int MostSegments = 20;

    /// <summary>One tag stands for a category and those above it.</summary>
    private const string Category = "%category%";

    /// <summary>The structure that fits at least nine of ten posts. Empty: addresses are plain ("?p=1"). Null: no rule fits.</summary>
    internal static string? StructureOf(IReadOnlyCollection<PostAddress> posts)
    {
        if (posts.Count == 0) return null;
        if (posts.Count(post => post.Path.StartsWith('?')) >= posts.Count * Enough) return "";
        return posts.SelectMany(post => CandidatesOf(post).Distinct(StringComparer.Ordinal)).CountBy(structure => structure)
            .Where(candidate => candidate.Value >= posts.Count * Enough)
            .OrderByDescending(candidate => candidate.Value).ThenBy(candidate => candidate.Key, StringComparer.Ordinal)
            .Select(candidate => candidate.Key).FirstOrDefault();
    }

    /// <summary>The part of categories' or tags' addresses before their slugs. Null where it is WordPress's own, or where none is to be seen.</summary>
    internal static string? BaseOf(IEnumerable<(string Path, string Slug)> terms, string usual)
    {
        foreach (var (path, slug) in terms)
        {
            var segments = path.Trim('/').Split('/');
            if (segments.Length < 2 || path.StartsWith('?') || !Same(segments[^1], slug)) continue;
            var found = segments[0] == "index.php" ? segments[1] : segments[0];
            return found == usual || found == slug ? null : found;
        }

        return null;
    }

    /// <summary>Every reading of one address: "2024" may be a year, an id or part of the structure.</summary>
    private static IEnumerable<string> CandidatesOf(PostAddress post)
    {
        if (post.Path.Length == 0 || post.Path.StartsWith('?')) return [];
        var segments = post.Path.Trim('/').Split('/');
        if (segments.Length > MostSegments) return [];
        var readings = segments.Select(segment => TagsOf(segment, post).ToList());
        IEnumerable<string> candidates = [""];
        foreach (var reading in readings)
            candidates = [.. candidates.SelectMany(start => reading.Select(tag => tag == Category && start.EndsWith(Category, StringComparison.Ordinal) ? start : $"{start}/{tag}")).Take(64)];
        var end = post.Path.EndsWith('/') ? "/" : "";
        return candidates.Where(IsUnique).Select(candidate => candidate + end);
    }

    private static IEnumerable<string> TagsOf(string segment, PostAddress post)
    {
        var extension = segment.EndsWith(".html", StringComparison.Ordinal) ? ".html" : "";
        var name = segment[..^extension.Length];
        if (Same(name, post.Slug)) yield return "%postname%" + extension;
        if (name == post.Id.ToString(CultureInfo.InvariantCulture)) yield return "%post_id%" + extension;
        foreach (var (tag, start, length) in DateTags)
            if (post.Date.Length >= start + length && name == post.Date.Substring(start, length)) yield return tag + extension;
        if (post.Categories.Any(category => Same(name, category))) yield return Category;
        if (Same(name, post.Author)) yield return "%author%";
        yield return segment;
    }

    private static readonly (string Tag, int Start, int Length)[] DateTags =
        [("%year%", 0, 4), ("%monthnum%", 5, 2), ("%day%", 8, 2), ("%hour%", 11, 2), ("%minute%", 14, 2), ("%second%", 17, 2)];

    /// <summary>A rule by which two posts would have different addresses: WordPress needs the name or the number of a post in it.</summary>
    private static bool IsUnique(string structure) =>
        structure.Contains("%postname%", StringComparison.Ordinal) || structure.Contains("%post_id%", StringComparison.Ordinal);

    private static bool Same(string segment, string slug) =>
        slug.Length > 0 && (segment.Equals(slug, StringComparison.OrdinalIgnoreCase) || Uri.UnescapeDataString(segment).Equals(Uri.UnescapeDataString(slug), StringComparison.Ordinal));
}
