using System.Diagnostics;
using CloneHub.Dev;

namespace CloneHub.Kube.Tests.Cluster;

/// <summary>The program that brings up a single-node cluster: the folder named by CLONEHUB_KUBE, or shared/kube beside the repository.</summary>
internal sealed class KubeTool(string home)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    /// <summary>Why no cluster can be had; null if one can, or if CI demands that it fail for want of one.</summary>
    public static string? WhyNot { get; } = Environment.GetEnvironmentVariable("CI") == "true" ? null : Find();

    /// <summary>A cluster of somebody else's, which wins over one of our own.</summary>
    public static string? KubeConfig => Environment.GetEnvironmentVariable("KUBECONFIG") is { Length: > 0 } file ? file : null;

    public static string Folder => Environment.GetEnvironmentVariable("CLONEHUB_KUBE") is { Length: > 0 } named ? named : Repository.Path("..", "shared", "kube");

    public static string Program => Path.Combine(Folder, "kube");

    public string Home => home;

    public async Task<string> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment["KUBE_HOME"] = home;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            // Not to the end of its output: the servers it starts may hold that open.
            var output = process.StandardOutput.ReadToEndAsync(patience.Token);
            var errors = process.StandardError.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return process.ExitCode == 0 ? await output : throw new InvalidOperationException($"kube {string.Join(' ', arguments)}: {await errors}");
        }
        catch (OperationCanceledException late)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"kube {string.Join(' ', arguments)} took longer than {Patience.TotalSeconds:0} s.", late);
        }
    }

    private static string? Find()
    {
        if (KubeConfig is not null) return null;
        if (!File.Exists(Program)) return $"There is no cluster: {Program} does not exist, and KUBECONFIG names none. CLONEHUB_KUBE may name the folder of the tool.";
        return Environment.IsPrivilegedProcess ? null : "A cluster of our own needs root.";
    }
}
