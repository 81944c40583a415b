using System.Formats.Tar;
using System.Text.Json;
using CloneHub.Dev.Processes;

namespace CloneHub.Dev.Kube;

/// <summary>The real image of a clone as an archive, built from what this checkout holds.</summary>
internal static class CloneImageArchive
{
    private static readonly string Script = Repository.Path("wordpress", "image", "build");

    /// <summary>Builds what has changed since the last time, and answers the archive's path.</summary>
    /// <param name="cores">Folder of the WordPress cores that go into it.</param>
    public static async Task<string> EnsureAsync(DirectoryInfo cores, CancellationToken ct)
    {
        var archive = Repository.Path("artifacts", "image", "wordpress.tar");
        await Command.RunAsync(Script, ["--cores", cores.FullName, archive], ct);
        return archive;
    }

    /// <summary>Name under which the archive's image is found once it is loaded.</summary>
    public static string NameIn(string archive)
    {
        using var file = File.OpenRead(archive);
        using var tar = new TarReader(file);
        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.Name.TrimStart('.', '/') != "index.json") continue;
            using var index = JsonDocument.Parse(entry.DataStream!);
            return index.RootElement.GetProperty("manifests")[0].GetProperty("annotations").GetProperty("io.containerd.image.name").GetString()!;
        }

        throw new SetUpException($"{archive} is no OCI archive.");
    }
}
