using System.Globalization;
using System.IO.Compression;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CloneHub.Provisioning.WordPress;

/// <summary>The files of the custom-migrator plugin, as they are embedded in this assembly.</summary>
internal static partial class CustomMigratorPackage
{
    /// <summary>Folder below wp-content/plugins, and the name WordPress knows the plugin by.</summary>
    public const string Folder = "custom-migrator";

    /// <summary>As it stands in active_plugins.</summary>
    public const string PluginFile = "custom-migrator/custom-migrator.php";

    private const string ResourcePrefix = "custom-migrator/";
    private const string ConnectorTemplate = "connector.php";
    private const string OnTarget = "src/OnTarget/";
    private const string Namespace = @"CloneHub\Migrator";

    private static readonly Dictionary<string, string> Files = ReadFiles();

    public static string Version { get; } = VersionHeader().Match(Files["custom-migrator.php"]).Groups[1].Value;

    /// <summary>Installs the plugin into a clone's wp-content/plugins; an earlier version there is replaced.</summary>
    public static void WriteTo(DirectoryInfo pluginsDirectory)
    {
        var folder = Path.Combine(pluginsDirectory.FullName, Folder);
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        foreach (var (path, text) in Files)
        {
            if (path == ConnectorTemplate || IsIn(path, "src/OnSource/") || IsIn(path, OnTarget)) continue;
            var file = Path.Combine(folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, text);
        }
    }

    /// <summary>The connector for one job as a zip that WordPress installs. Its classes live in a namespace of their own, so that neither two jobs nor two attempts meet.</summary>
    public static byte[] BuildConnector(ConnectorBuild build)
    {
        using var buffer = new MemoryStream(48 * 1024);
        using (var zip = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        {
            var own = $@"{Namespace}\J{build.Folder.Replace('-', '_')}";
            foreach (var (path, text) in Files)
            {
                if (path is "custom-migrator.php" or "readme.txt" || IsIn(path, "src/InClone/") || (build.Work is null && IsIn(path, OnTarget))) continue;
                var name = path == ConnectorTemplate ? build.Folder + ".php" : path;
                Add(zip, $"{build.Folder}/{name}", Fill(text.Replace(Namespace, own, StringComparison.Ordinal), build));
            }

            Add(zip, $"{build.Folder}/job.php", JobFile(build));
        }

        return buffer.ToArray();
    }

    private static bool IsIn(string path, string folder) => path.StartsWith(folder, StringComparison.Ordinal);

    private static string Fill(string template, ConnectorBuild build) => template
        .Replace("{{FOLDER}}", build.Folder, StringComparison.Ordinal)
        .Replace("{{EXPIRES}}", build.Expires.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
        .Replace("{{WORK}}", build.Work ?? "", StringComparison.Ordinal)
        .Replace("{{VERSION}}", Version, StringComparison.Ordinal)
        .Replace("{{JOB}}", build.Job.Value, StringComparison.Ordinal);

    private static string JobFile(ConnectorBuild build)
    {
        var job = new JsonObject
        {
            ["job"] = build.Job.Value,
            ["key"] = build.PublicKey,
            ["expires"] = build.Expires.ToUnixTimeSeconds(),
            ["user"] = build.TemporaryUser,
        };
        if (build.Work is { } work) job["work"] = work;
        return "<?php defined('ABSPATH') || exit; __halt_compiler();\n" + job.ToJsonString(JsonSerializerOptions.Web);
    }

    private static void Add(ZipArchive zip, string name, string text)
    {
        using var writer = new StreamWriter(zip.CreateEntry(name, CompressionLevel.Fastest).Open());
        writer.Write(text);
    }

    private static Dictionary<string, string> ReadFiles()
    {
        var assembly = Assembly.GetExecutingAssembly();
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith(ResourcePrefix, StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            files[name[ResourcePrefix.Length..].Replace('\\', '/')] = reader.ReadToEnd();
        }

        return files;
    }

    [GeneratedRegex(@"^ \* Version:\s*(\S+)", RegexOptions.Multiline)]
    private static partial Regex VersionHeader();
}
