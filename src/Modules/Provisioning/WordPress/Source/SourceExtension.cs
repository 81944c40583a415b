namespace CloneHub.Provisioning.WordPress;

/// <summary>A plugin or theme of a site.</summary>
/// <param name="Kind">plugin or theme.</param>
/// <param name="Name">Its folder, or its file if it has none.</param>
/// <param name="File">As active_plugins names it.</param>
/// <param name="Version">Empty if its head does not tell.</param>
/// <param name="Active">True of a theme if it is the chosen one, or that one's parent.</param>
internal sealed record SourceExtension(string Kind, string Name, string File, string Version, bool Active)
{
    public bool IsTheme => Kind == "theme";
}
