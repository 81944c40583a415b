using System.Diagnostics;
using System.Formats.Tar;
using System.Text.Json;
using CloneHub.Dev;

namespace CloneHub.Kube.Tests.Cluster;

/// <summary>The real image of a clone as an archive, built from what this checkout holds.</summary>
internal static class CloneImageArchive
{
    private static string Script => Repository.Path("wordpress", "image", "build");

    /// <summary>Null if the image can be built here.</summary>
    public static string? WhyNot => File.Exists(Script) ? null : $"{Script} does not exist.";

    /// <summary>Builds what has changed since the last time, and answers the archive's path.</summary>
    public static async Task<string> EnsureAsync(DirectoryInfo cores)
    {
        var archive = Repository.Path("artifacts", "test-cache", "clone-image.tar");
        Directory.CreateDirectory(Path.GetDirectoryName(archive)!);
        using var build = Process.Start(new ProcessStartInfo(Script, ["--cores", cores.FullName, archive])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        build.StandardInput.Close();
        var output = build.StandardOutput.ReadToEndAsync();
        var said = await build.StandardError.ReadToEndAsync();
        await Task.WhenAll(output, build.WaitForExitAsync());
        return build.ExitCode == 0 ? archive : throw new InvalidOperationException($"{Script} ended with {build.ExitCode}: {said}");
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

        throw new InvalidOperationException($"{archive} is no OCI archive.");
    }
}

/// <summary>A test that needs a cluster and the real image.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ImageFactAttribute : FactAttribute
{
    public ImageFactAttribute() => Skip = KubeTool.WhyNot ?? CloneImageArchive.WhyNot;
}
