using System.Diagnostics;
using System.Globalization;
using CloneHub.Dev.Processes;

namespace CloneHub.Benchmarks.Engine;

/// <summary>How often anything waits for the disk. Whoever is traced is slow meanwhile, so nothing else is measured then.</summary>
internal static class Fsyncs
{
    private static readonly TimeSpan UntilAttached = TimeSpan.FromSeconds(1);

    /// <returns>Null where nobody may be traced.</returns>
    public static async Task<int?> CountAsync(EngineStage stage, Func<Task> work, CancellationToken ct)
    {
        var file = Path.Combine(stage.Folder.FullName, "fsyncs");
        string[] arguments =
        [
            "-f", "-qq", "-e", "trace=fsync,fdatasync", "-e", "signal=none", "-o", file,
            .. ProcessTree.Of(stage.Processes).Select(pid => $"-p{pid.ToString(CultureInfo.InvariantCulture)}"),
        ];
        using var strace = Process.Start(new ProcessStartInfo("strace", arguments))!;
        await Task.Delay(UntilAttached, TimeProvider.System, ct);
        await work();
        await Command.RunAsync("kill", ["-INT", strace.Id.ToString(CultureInfo.InvariantCulture)], ct);
        await strace.WaitForExitAsync(ct);

        if (!File.Exists(file)) return null;

        // A call that another thread interrupts is two lines: the second says "resumed".
        var count = (await File.ReadAllLinesAsync(file, ct)).Count(line => line.Contains("sync(", StringComparison.Ordinal));
        File.Delete(file);
        return count;
    }
}
