using System.Text.RegularExpressions;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>One file of the clone.</summary>
/// <param name="Place">Path below the clone's document root.</param>
/// <param name="IsRewritten">Generated CSS and JSON below uploads that holds addresses of the site.</param>
internal sealed record PlannedFile(FileRoot Root, SourceFile Source, string Place, bool IsRewritten);

/// <summary>Which of the source's files the clone gets, and where.</summary>
internal static partial class FilePlan
{
    internal const string ContentFolder = "wp-content";
    internal const string UsualUploads = $"{ContentFolder}/uploads";
    internal const string DisabledFolder = ".clonehub-disabled";
    private const long LargestRewritten = 2 << 20;

    /// <summary>Files in the document root that only fit the source's server. wp-config.php is made anew.</summary>
    private static readonly HashSet<string> HostFiles = new([".user.ini", "php.ini", ".htpasswd", "wordfence-waf.php", ".maintenance"], StringComparer.Ordinal);

    /// <summary>Drop-ins that need the source's cache or database servers, or its network of sites.</summary>
    private static readonly HashSet<string> DropIns = new(["object-cache.php", "advanced-cache.php", "db.php", "sunrise.php"], StringComparer.Ordinal);

    /// <summary>Gives the file's place in the clone, or null if it is left out.</summary>
    /// <param name="uploads">Folder of the uploads in the clone.</param>
    internal static PlannedFile? Place(FileRoot root, SourceFile file, string uploads, ImportWarnings warnings)
    {
        if (file.Path.Contains('\\', StringComparison.Ordinal))
        {
            warnings.Count("Files with a backslash in their name were left out", file.Path.Replace('\\', '/'));
            return null;
        }

        var planned = root == FileRoot.Core ? PlaceCore(file, warnings) : PlaceContent(file, warnings);
        return planned is null ? null : planned with { IsRewritten = IsGenerated(planned, uploads) };
    }

    private static bool IsGenerated(PlannedFile file, string uploads) =>
        file.Source.Kind == SourceFileKind.File && file.Source.Size <= LargestRewritten && file.Place.StartsWith(uploads + "/", StringComparison.Ordinal)
        && (file.Place.EndsWith(".css", StringComparison.OrdinalIgnoreCase) || file.Place.EndsWith(".json", StringComparison.OrdinalIgnoreCase));

    private static PlannedFile? PlaceCore(SourceFile file, ImportWarnings warnings)
    {
        if (file.Path == "wp-config.php" || file.Path == ContentFolder || file.Path.StartsWith(ContentFolder + "/", StringComparison.Ordinal)) return null;
        if (!HostFiles.Contains(file.Path)) return new PlannedFile(FileRoot.Core, file, file.Path, IsRewritten: false);
        warnings.Count("Settings of the source's server were left out", file.Path);
        return null;
    }

    private static PlannedFile? PlaceContent(SourceFile file, ImportWarnings warnings)
    {
        if (Connector().IsMatch(file.Path) || file.Path == $"plugins/{CustomMigratorPackage.Folder}"
            || file.Path.StartsWith($"plugins/{CustomMigratorPackage.Folder}/", StringComparison.Ordinal) || file.Path.Split('/')[0] == DisabledFolder) return null;
        var disabled = DropIns.Contains(file.Path) || HostPlugin().IsMatch(file.Path);
        if (disabled && file.Kind == SourceFileKind.File && file.Path.Count(letter => letter == '/') <= 1)
            warnings.Count($"Switched off in the clone, kept in {ContentFolder}/{DisabledFolder}", file.Path);
        var place = disabled ? $"{ContentFolder}/{DisabledFolder}/{file.Path}" : $"{ContentFolder}/{file.Path}";
        return new PlannedFile(FileRoot.Content, file, place, IsRewritten: false);
    }

    /// <summary>A job's connector, this one's or another's that runs at the same time.</summary>
    [GeneratedRegex("^plugins/" + ConnectorBuild.FolderPattern + "(?:/|$)")]
    private static partial Regex Connector();

    /// <summary>Must-use plugins by which hosts tie a site to their own platform.</summary>
    [GeneratedRegex(
        @"^mu-plugins/(?:endurance-[^/]*|gd-system-plugin[^/]*|wpcomsh[^/]*|wpengine-[^/]*|mu-plugin\.php|slt-force-strong-passwords\.php|wpe-wp-sign-on-plugin[^/]*|stop-long-comments\.php|force-strong-passwords|pantheon[^/]*|kinsta-[^/]*|sg-[^/]*|sso\.php)(?:/|$)")]
    private static partial Regex HostPlugin();
}
