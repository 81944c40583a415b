namespace CloneHub.Provisioning.WordPress;

/// <summary>The files of the custom-migrator plugin, as they are embedded in this assembly.</summary>
internal static class CustomMigratorPackage
{
    /// <summary>Folder below wp-content/plugins, and the name WordPress knows the plugin by.</summary>
    public const string Folder = "custom-migrator";

    /// <summary>As it stands in active_plugins.</summary>
    public const string PluginFile = "custom-migrator/custom-migrator.php";

    public static string Version => throw new NotSupportedException();

    /// <summary>Installs the plugin into a clone's wp-content/plugins; an earlier version there is replaced.</summary>
    public static void WriteTo(DirectoryInfo pluginsDirectory) => throw new NotSupportedException(pluginsDirectory.FullName);
}
