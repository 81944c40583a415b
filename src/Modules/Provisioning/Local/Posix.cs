using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace CloneHub.Provisioning.Local;

/// <summary>The few calls to the system that .NET does not offer.</summary>
internal static partial class Posix
{
    public const int Terminate = 15;
    public const int Kill = 9;

    /// <summary>Sends a signal; false if there is no such process.</summary>
    public static bool Signal(int process, int signal) => SendSignal(process, signal) == 0;

    /// <summary>The process a pid file names, if that process is the one meant: pids are given out again.</summary>
    public static int? ProcessOf(string pidFile, string inCommandLine)
    {
        try
        {
            if (!File.Exists(pidFile) || !int.TryParse(File.ReadAllText(pidFile), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var id)) return null;
            return CommandLineOf(id)?.Contains(inCommandLine, StringComparison.Ordinal) == true ? id : null;
        }
        catch (IOException)
        {
            // The clone was removed between the two looks at its file.
            return null;
        }
    }

    /// <summary>All processes whose command line contains a text.</summary>
    public static IReadOnlyList<int> ProcessesWith(string inCommandLine) =>
        [.. ProcessIds().Where(id => CommandLineOf(id)?.Contains(inCommandLine, StringComparison.Ordinal) == true)];

    public static IEnumerable<int> ProcessIds()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id)) yield return id;
        }
    }

    public static string? CommandLineOf(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline");
        }
        catch (IOException)
        {
            // The process ended between the look into /proc and the read.
            return null;
        }
    }

    /// <summary>Somebody has stopped the process (SIGSTOP): it lives and does nothing.</summary>
    public static bool IsStopped(int process)
    {
        try
        {
            // The name in brackets may hold anything; the state is the first field after it.
            var text = File.ReadAllText($"/proc/{process}/stat");
            return text[(text.LastIndexOf(')') + 2)..].StartsWith('T');
        }
        catch (IOException)
        {
            // It ended meanwhile: that is seen elsewhere.
            return false;
        }
    }

    public static string? WorkingDirectoryOf(int process)
    {
        try
        {
            return new FileInfo($"/proc/{process}/cwd").LinkTarget;
        }
        catch (Exception hidden) when (hidden is IOException or UnauthorizedAccessException)
        {
            // It ended meanwhile, or belongs to somebody else.
            return null;
        }
    }

    /// <summary>Runs a program to its end. Output is for the message of a failure only.</summary>
    public static async Task RunAsync(
        string program, IReadOnlyList<string> arguments, CancellationToken cancellation, string workingDirectory = "/")
    {
        var path = ExecutablePath.Find(program) ?? throw new IOException($"There is no program {program}.");
        var start = new ProcessStartInfo(path, arguments)
        {
            RedirectStandardError = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = workingDirectory,
        };
        using var process = Process.Start(start) ?? throw new IOException($"{program} could not be started.");
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync(cancellation);
        var output = process.StandardOutput.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        if (process.ExitCode != 0) throw new IOException($"{program} ended with {process.ExitCode}: {await error} {await output}".Trim());
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);
}
