using System.Text.Json;

namespace CloneHub.Provisioning.WordPress.PublicSite;

/// <summary>A smaller picture that WordPress made of an original.</summary>
internal sealed record MediaSize(string Name, string Address, string MimeType, long Width, long Height);

/// <summary>
/// What a clone keeps of one item of a media library. A whole library is held in memory, so nothing in here refers to the answer it came in,
/// and no text is longer than any real site needs.
/// </summary>
/// <param name="File">Below the uploads folder, by the site's own account; may be empty.</param>
/// <param name="Details">What WordPress keeps beside the sizes: length, format, what the camera wrote.</param>
internal sealed record MediaItem(
    long Id, long Author, long Parent, string? Date, string? DateGmt, string? Modified, string? ModifiedGmt, string Slug, string Title, string Caption, string Description, string Alt,
    string MimeType, string Address, string File, bool TakesComments, bool TakesPings, long Width, long Height, IReadOnlyList<MediaSize> Sizes,
    IReadOnlyList<(object Key, object? Value)> Details)
{
    private const int LongestText = 10_000;
    private const int LongestAddress = 2_000;
    private const int LongestName = 200;
    private const int MostSizes = 50;
    private const int MostMembers = 50;
    private const int Deepest = 3;

    private static readonly string[] Kept = ["length", "length_formatted", "fileformat", "dataformat", "bitrate"];

    /// <summary>How much room the item takes, about.</summary>
    internal int Letters => 200 + Slug.Length + Title.Length + Caption.Length + Description.Length + Alt.Length + Address.Length
        + Sizes.Sum(size => 100 + size.Address.Length) + Details.Sum(detail => LettersOf(detail.Value));

    internal static MediaItem Of(RestItem item)
    {
        var details = item.Inner("media_details");
        return new MediaItem(
            item.Id, item.Number("author"), item.Number("post"), item.Moment("date"), item.Moment("date_gmt"), item.Moment("modified"), item.Moment("modified_gmt"),
            PublicText.Slug(item.Text("slug")), Cut(item.Rendered("title"), LongestText), Cut(item.Rendered("caption"), LongestText), Cut(item.Rendered("description"), LongestText),
            Cut(item.Text("alt_text"), LongestText), Cut(item.Text("mime_type"), LongestName), Address(item), Cut(details.Text("file"), LongestAddress),
            item.Text("comment_status") == "open", item.Text("ping_status") == "open", details.Number("width"), details.Number("height"),
            [.. details.Members("sizes").Take(MostSizes).Select(size => SizeOf(size.Name, size.Value))], [.. DetailsOf(details)]);

        // An address that was cut would be another one.
        static string Address(RestItem of) => of.Text("source_url") is { Length: <= LongestAddress } address ? address : "";
        static MediaSize SizeOf(string name, RestItem size) =>
            new(Cut(name, LongestName), Address(size), Cut(size.Text("mime_type"), LongestName), size.Number("width"), size.Number("height"));
    }

    private static IEnumerable<(object Key, object? Value)> DetailsOf(RestItem details)
    {
        foreach (var name in Kept)
            if (details[name].ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null)) yield return (name, Plain(details[name], depth: 0));
        if (details["image_meta"].ValueKind == JsonValueKind.Object) yield return ("image_meta", Plain(details["image_meta"], depth: 0));
    }

    /// <summary>A copy that stands alone: an element of a document would keep the whole of it.</summary>
    private static object? Plain(JsonElement json, int depth) => json.ValueKind switch
    {
        JsonValueKind.String => Cut(json.GetString()!, LongestName * 5),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number => json.TryGetInt64(out var number) ? (object)number : json.GetDouble(),
        JsonValueKind.Array when depth < Deepest => json.EnumerateArray().Take(MostMembers).Select((item, index) => ((object)index, Plain(item, depth + 1))).ToList(),
        JsonValueKind.Object when depth < Deepest => json.EnumerateObject().Take(MostMembers).Select(member => ((object)Cut(member.Name, LongestName), Plain(member.Value, depth + 1))).ToList(),
        _ => null,
    };

    private static int LettersOf(object? value) => value switch
    {
        string text => text.Length,
        List<(object Key, object? Value)> members => members.Sum(member => 50 + LettersOf(member.Value)),
        _ => 50,
    };

    private static string Cut(string text, int length) => PublicText.Cut(text, length);
}
