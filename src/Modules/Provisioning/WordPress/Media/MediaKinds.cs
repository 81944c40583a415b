using System.Collections.Frozen;
using CloneHub.Provisioning.WordPress.Import;

namespace CloneHub.Provisioning.WordPress.Media;

/// <summary>Which files of a site may come after it serves: those that visitors ask for by their address, and no PHP needs to make a page.</summary>
internal static class MediaKinds
{
    private static readonly FrozenSet<string> Endings = FrozenSet.ToFrozenSet(
        [
            ".jpg", ".jpeg", ".jpe", ".png", ".gif", ".webp", ".avif", ".bmp", ".tif", ".tiff", ".ico", ".heic", ".heif",
            ".mp4", ".m4v", ".mov", ".webm", ".ogv", ".avi", ".mpg", ".mpeg", ".wmv", ".flv", ".mkv", ".3gp", ".3g2",
            ".mp3", ".m4a", ".m4b", ".aac", ".ogg", ".oga", ".wav", ".flac", ".mid", ".wma",
            ".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".pps", ".ppsx", ".odt", ".ods", ".odp", ".rtf", ".epub", ".psd",
            ".zip", ".gz", ".tar", ".7z", ".rar",
        ],
        StringComparer.OrdinalIgnoreCase);

    /// <param name="uploads">Folder of the uploads in the clone.</param>
    internal static bool MayComeLater(PlannedFile file, string uploads) =>
        file is { Source.Kind: SourceFileKind.File, IsRewritten: false } && file.Place.StartsWith(uploads + "/", StringComparison.Ordinal) && IsMedium(file.Place);

    internal static bool IsMedium(string place) => Endings.Contains(Path.GetExtension(place));
}
