using System.Globalization;

namespace CloneHub.Provisioning.WordPress.PublicSite;

/// <summary>The media library, for as far as its files could be had.</summary>
internal sealed partial class ContentCopy
{
    /// <summary>Fields of the media library that are read.</summary>
    internal const string MediaFields =
        "_fields=id,date,date_gmt,modified,modified_gmt,slug,link,title,author,caption,description,alt_text,mime_type,media_details,source_url,post,comment_status,ping_status";

    private readonly HashSet<long> _media = [];

    /// <summary>Whether the clone has the file of that number: a logo or an icon without one would be an empty frame.</summary>
    internal bool HasMedia(long id) => _media.Contains(id);

    /// <param name="present">Files that are in the clone's uploads folder, with their sizes.</param>
    internal async Task MediaAsync(IReadOnlyList<RestItem> library, Uri? uploads, IReadOnlyDictionary<string, long> present)
    {
        var kept = new List<(RestItem Item, IReadOnlyList<(string Size, MediaFile File)> Files)>();
        foreach (var item in library)
        {
            var files = uploads is null ? [] : MediaFiles.Of(item, uploads);
            if (files.Count == 0) warnings.Count("Media outside of the uploads folder, or of a type that WordPress does not take, were left out", item.Text("source_url"));
            else if (present.ContainsKey(files[0].File.Relative) && _media.Add(item.Id)) kept.Add((item, [.. files.Where(file => present.ContainsKey(file.File.Relative))]));
        }

        await tables.InsertAsync("posts", PostColumns, [.. kept.Select(entry => Row(entry.Item, entry.Files[0].File))]);
        await tables.InsertAsync("postmeta", "post_id, meta_key, meta_value", [.. kept.SelectMany(entry => MetaOf(entry.Item, entry.Files, present))]);
    }

    private object?[] Row(RestItem item, MediaFile file) =>
    [
        item.Id, item.Number("author"), item.Moment("date") ?? NoMoment, item.Moment("date_gmt") ?? item.Moment("date") ?? NoMoment,
        text.AboutFile(item.Rendered("description")), text.Title(item.Rendered("title")), text.AboutFile(item.Rendered("caption")), "inherit",
        item.Text("comment_status") == "open" ? "open" : "closed", item.Text("ping_status") == "open" ? "open" : "closed", "", PublicText.Slug(item.Text("slug")), "", "",
        item.Moment("modified") ?? NoMoment, item.Moment("modified_gmt") ?? item.Moment("modified") ?? NoMoment, "", item.Number("post"),
        Shortened($"{clone}/wp-content/uploads/{file.Relative}", 255), 0, "attachment", Shortened(item.Text("mime_type"), 100),
    ];

    private static IEnumerable<object?[]> MetaOf(
        RestItem item, IReadOnlyList<(string Size, MediaFile File)> files, IReadOnlyDictionary<string, long> present)
    {
        yield return [item.Id, "_wp_attached_file", files[0].File.Relative];
        if (item.Text("alt_text") is { Length: > 0 } alt) yield return [item.Id, "_wp_attachment_image_alt", alt];
        yield return [item.Id, "_wp_attachment_metadata", PhpSerialized.Of(Metadata(item, files, present))];
    }

    private static List<(object Key, object? Value)> Metadata(
        RestItem item, IReadOnlyList<(string Size, MediaFile File)> files, IReadOnlyDictionary<string, long> present)
    {
        var details = item.Inner("media_details");
        var metadata = new List<(object, object?)>();
        if (details.Number("width") > 0)
        {
            metadata.Add(("width", details.Number("width")));
            metadata.Add(("height", details.Number("height")));
            metadata.Add(("file", files[0].File.Relative));
            metadata.Add(("sizes", files.Skip(1).Select(file => ((object)file.Size, (object?)SizeOf(details.Inner("sizes").Inner(file.Size), file.File))).ToList()));
        }

        metadata.Add(("filesize", present[files[0].File.Relative]));
        foreach (var name in (string[])["length", "length_formatted", "fileformat", "dataformat", "bitrate"])
            if (details[name].ValueKind is not (System.Text.Json.JsonValueKind.Undefined or System.Text.Json.JsonValueKind.Null)) metadata.Add((name, details[name]));
        if (details["image_meta"].ValueKind == System.Text.Json.JsonValueKind.Object) metadata.Add(("image_meta", details["image_meta"]));
        return metadata;
    }

    private static List<(object Key, object? Value)> SizeOf(RestItem size, MediaFile file) =>
    [
        ("file", file.Relative[(file.Relative.LastIndexOf('/') + 1)..]), ("width", size.Number("width")), ("height", size.Number("height")), ("mime-type", file.MimeType),
    ];
}
