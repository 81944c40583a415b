namespace CloneHub.Provisioning.WordPress.PublicSite;

/// <summary>A file of the media library: an original, or one of its sizes.</summary>
/// <param name="Relative">Below the uploads folder: "2024/05/rye.jpg".</param>
/// <param name="MimeType">What the site says it is.</param>
internal sealed record MediaFile(string Relative, Uri Url, string MimeType);

/// <summary>Where the files of a media library are, and which of them a clone may have.</summary>
internal static class MediaFiles
{
    /// <summary>What WordPress lets people upload, and pictures that plugins let them. Nothing that a server might run.</summary>
    private static readonly HashSet<string> Allowed = new(
        [
            "jpg", "jpeg", "jpe", "png", "gif", "webp", "avif", "bmp", "tif", "tiff", "ico", "heic", "svg", "mp4", "m4v", "mov", "webm", "ogv", "avi", "wmv", "mpg",
            "mpeg", "3gp", "mp3", "m4a", "ogg", "oga", "wav", "flac", "aac", "mid", "midi", "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods", "odp",
            "rtf", "txt", "csv", "tsv", "ics", "vtt", "zip", "gz", "tar", "7z", "epub", "woff", "woff2", "ttf", "otf", "psd", "key", "pages", "numbers", "xml", "json", "gpx",
        ],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>The address of the uploads folder, by what most files have in common; no trailing slash. Null for an empty library.</summary>
    internal static Uri? BaseOf(IEnumerable<MediaItem> media) => media.Select(BaseOf).OfType<Uri>()
        .GroupBy(folder => folder).OrderByDescending(group => group.Count()).Select(group => group.Key).FirstOrDefault();

    /// <summary>The original first, then its sizes. Empty where the original does not lie below the uploads folder, or may not be had.</summary>
    internal static IReadOnlyList<(string Size, MediaFile File)> Of(MediaItem media, Uri uploads)
    {
        var original = FileOf(media.Address, media.MimeType, uploads);
        if (original is null) return [];
        return
        [
            ("full", original),
            .. media.Sizes.Where(size => size.Name != "full").Select(size => (size.Name, File: FileOf(size.Address, size.MimeType, uploads)))
                .Where(size => size.File is not null && FolderOf(size.File.Relative) == FolderOf(original.Relative)).Select(size => (size.Name, size.File!)),
        ];
    }

    private static MediaFile? FileOf(string address, string mimeType, Uri uploads)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var url)) return null;
        var (path, folder) = (SchemeLess(url), SchemeLess(uploads) + "/");
        if (!path.StartsWith(folder, StringComparison.OrdinalIgnoreCase)) return null;
        var relative = Uri.UnescapeDataString(path[folder.Length..]);
        return Import.TreePath.IsSafe(relative) && IsAllowed(relative) ? new MediaFile(relative, url, mimeType) : null;
    }

    private static bool IsAllowed(string relative) =>
        Allowed.Contains(Path.GetExtension(relative).TrimStart('.'))
        && relative.Split('/').All(part => part[0] != '.' && !part.Contains(".ph", StringComparison.OrdinalIgnoreCase));

    private static Uri? BaseOf(MediaItem media)
    {
        if (!Uri.TryCreate(media.Address, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https")) return null;
        var path = Uri.UnescapeDataString(url.AbsolutePath);
        var file = "/" + media.File;
        var end = file.Length > 1 && path.EndsWith(file, StringComparison.Ordinal) ? path.Length - file.Length : EndOfUploads(path);
        return end < 0 ? null : new UriBuilder(url) { Path = path[..end], Query = "", Fragment = "" }.Uri;
    }

    private static int EndOfUploads(string path) =>
        path.IndexOf("/uploads/", StringComparison.Ordinal) is var start and >= 0 ? start + "/uploads".Length : -1;

    private static string SchemeLess(Uri url) => url.Authority + url.AbsolutePath.TrimEnd('/');

    private static string FolderOf(string relative) => relative.LastIndexOf('/') is var slash and >= 0 ? relative[..slash] : "";
}
