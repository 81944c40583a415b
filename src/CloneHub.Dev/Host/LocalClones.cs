using System.Globalization;
using CloneHub.Dev.Processes;

namespace CloneHub.Dev.Host;

/// <summary>
/// The web servers of local clones outlive the Host on purpose. This ends them when the whole installation goes: those whose pid
/// files lie in the back end's state directory and whose command line names that directory.
/// </summary>
public static class LocalClones
{
    /// <summary>Where a Host with this state directory keeps its clones.</summary>
    public static string Folder(DirectoryInfo state) => Path.Combine(state.FullName, "local");

    public static async Task<int> StopAllAsync(DirectoryInfo state, CancellationToken ct)
    {
        var local = new DirectoryInfo(Folder(state));
        if (!local.Exists)
            return 0;
        var clones = new DirectoryInfo(Path.Combine(local.FullName, "clones"));
        IEnumerable<string> pidFiles =
        [
            Path.Combine(local.FullName, "nginx.pid"),
            .. (clones.Exists ? clones.GetDirectories() : []).Select(clone => Path.Combine(clone.FullName, "run", "php-fpm.pid")),
        ];
        var stopped = await Task.WhenAll(pidFiles.Select(pidFile => StopAsync(pidFile, local, ct)));
        return stopped.Count(ended => ended);
    }

    private static async Task<bool> StopAsync(string pidFile, DirectoryInfo local, CancellationToken ct)
    {
        if (!File.Exists(pidFile)
            || !int.TryParse(await File.ReadAllTextAsync(pidFile, ct), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var pid)
            || ProcessIdentity.Of(pid) is not { } process
            || !CommandLine(pid).Contains(local.FullName, StringComparison.Ordinal))
            return false;
        await process.EndAsync("TERM", TimeSpan.FromSeconds(5), ct);
        return true;
    }

    private static string CommandLine(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Replace('\0', ' ');
        }
        catch (IOException)
        {
            // It ended between the two looks.
            return "";
        }
    }
}
