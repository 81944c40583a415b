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
    internal async Task MediaAsync(IReadOnlyList<MediaItem> library, Uri? uploads, IReadOnlyDictionary<string, long> present)
    {
        var kept = new List<(MediaItem Item, IReadOnlyList<(string Size, MediaFile File)> Files)>();
        foreach (var item in library)
        {
            var files = uploads is null ? [] : MediaFiles.Of(item, uploads);
            if (files.Count == 0) warnings.Count("Media outside of the uploads folder, or of a type that WordPress does not take, were left out", item.Address);
            else if (present.ContainsKey(files[0].File.Relative) && _media.Add(item.Id)) kept.Add((item, [.. files.Where(file => present.ContainsKey(file.File.Relative))]));
        }

        await tables.InsertAsync("posts", PostColumns, [.. kept.Select(entry => Row(entry.Item, entry.Files[0].File))]);
        await tables.InsertAsync("postmeta", "post_id, meta_key, meta_value", [.. kept.SelectMany(entry => MetaOf(entry.Item, entry.Files, present))]);
    }

    private object?[] Row(MediaItem item, MediaFile file) =>
    [
        item.Id, item.Author, item.Date ?? NoMoment, item.DateGmt ?? item.Date ?? NoMoment,
        text.AboutFile(item.Description), text.Title(item.Title), text.AboutFile(item.Caption), "inherit",
        item.TakesComments ? "open" : "closed", item.TakesPings ? "open" : "closed", "", item.Slug, "", "",
        item.Modified ?? NoMoment, item.ModifiedGmt ?? item.Modified ?? NoMoment, "", item.Parent,
        Shortened($"{clone}/wp-content/uploads/{file.Relative}", 255), 0, "attachment", Shortened(item.MimeType, 100),
    ];

    private static IEnumerable<object?[]> MetaOf(
        MediaItem item, IReadOnlyList<(string Size, MediaFile File)> files, IReadOnlyDictionary<string, long> present)
    {
        yield return [item.Id, "_wp_attached_file", files[0].File.Relative];
        if (item.Alt.Length > 0) yield return [item.Id, "_wp_attachment_image_alt", item.Alt];
        yield return [item.Id, "_wp_attachment_metadata", PhpSerialized.Of(Metadata(item, files, present))];
    }

    private static List<(object Key, object? Value)> Metadata(
        MediaItem item, IReadOnlyList<(string Size, MediaFile File)> files, IReadOnlyDictionary<string, long> present)
    {
        var metadata = new List<(object, object?)>();
        if (item.Width > 0)
        {
            metadata.Add(("width", item.Width));
            metadata.Add(("height", item.Height));
            metadata.Add(("file", files[0].File.Relative));
            metadata.Add(("sizes", files.Skip(1).Select(file => ((object)file.Size, (object?)SizeOf(item.Sizes.First(size => size.Name == file.Size), file.File))).ToList()));
        }

        metadata.Add(("filesize", present[files[0].File.Relative]));
        metadata.AddRange(item.Details);
        return metadata;
    }

    private static List<(object Key, object? Value)> SizeOf(MediaSize size, MediaFile file) =>
    [
        ("file", file.Relative[(file.Relative.LastIndexOf('/') + 1)..]), ("width", size.Width), ("height", size.Height), ("mime-type", file.MimeType),
    ];
}
