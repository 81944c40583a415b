namespace CloneHub.Provisioning.WordPress;

/// <summary>The addresses that a source has its parts under. Only that of the home page is always known.</summary>
/// <param name="UploadsPlace">Folder of the uploads in a clone, seen from its root.</param>
internal sealed record SourceAddresses(
    string Home, string? Site = null, string? Content = null, string? Plugins = null, string? MustUsePlugins = null, string? Uploads = null,
    string UploadsPlace = SourceAddresses.UsualUploads)
{
    internal const string UsualUploads = "wp-content/uploads";

    /// <summary>Each address of the source beside that of the same part in its clone.</summary>
    internal IEnumerable<(Uri Source, Uri Clone)> Beside(Uri clone)
    {
        var root = clone.AbsoluteUri.TrimEnd('/');
        (string? Source, string Clone)[] pairs =
        [
            (Home, root), (Site, root), (Content, $"{root}/wp-content"), (Plugins, $"{root}/wp-content/plugins"),
            (MustUsePlugins, $"{root}/wp-content/mu-plugins"), (Uploads, $"{root}/{UploadsPlace}"),
        ];
        foreach (var (source, place) in pairs)
            if (Uri.TryCreate(source, UriKind.Absolute, out var address) && address.Scheme is "http" or "https") yield return (address, new Uri(place));
    }
}
