using System.Diagnostics;
using System.Globalization;

namespace CloneHub.Dev.Processes;

internal sealed record DaemonSpec(string Name, string Program, IReadOnlyList<string> Arguments)
{
    public Account RunAs { get; init; } = Account.Self;

    public string StopSignal { get; init; } = "TERM";
}

/// <summary>
/// A long-running program in a session of its own, so that a Ctrl-C at the terminal does not reach it. Its output goes to
/// <c>NAME.log</c>, its process to <c>NAME.pid</c> together with the start time: a pid alone may belong to somebody else by now.
/// </summary>
internal sealed class Daemon
{
    private readonly string _pidFile;

    private Daemon(ProcessIdentity process, string pidFile, string logFile, string stopSignal)
    {
        Process = process;
        _pidFile = pidFile;
        LogFile = logFile;
        StopSignal = stopSignal;
    }

    public ProcessIdentity Process { get; }

    public string LogFile { get; }

    public string StopSignal { get; }

    public bool IsAlive => Process.IsAlive;

    public static Daemon Start(DaemonSpec spec, DirectoryInfo folder, Leash? leash)
    {
        var log = Path.Combine(folder.FullName, $"{spec.Name}.log");
        var pidFile = Path.Combine(folder.FullName, $"{spec.Name}.pid");
        // "exec" all the way keeps one process: the pid that is started is the pid of the program itself.
        var start = new ProcessStartInfo("setsid") { WorkingDirectory = "/" };
        string[] line = ["sh", "-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null", "sh", log, .. spec.RunAs.Wrap(spec.Program, spec.Arguments)];
        foreach (var argument in line)
            start.ArgumentList.Add(argument);
        using var process = System.Diagnostics.Process.Start(start)!;

        var identity = ProcessIdentity.Of(process.Id)
            ?? throw new SetUpException($"{spec.Name} ended at once. Its last words:\n{LastLines(log)}");
        File.WriteAllText(pidFile, identity.ToString());
        leash?.Hold(identity, spec.StopSignal);
        return new Daemon(identity, pidFile, log, spec.StopSignal);
    }

    /// <summary>This process is what others find in this folder by that name.</summary>
    public static void Announce(string name, DirectoryInfo folder) =>
        File.WriteAllText(Path.Combine(folder.FullName, $"{name}.pid"), ProcessIdentity.Of(Environment.ProcessId)!.ToString());

    /// <summary>The daemon that an earlier run left in this folder, if it still runs.</summary>
    public static Daemon? Find(string name, DirectoryInfo folder, string stopSignal = "TERM")
    {
        var pidFile = Path.Combine(folder.FullName, $"{name}.pid");
        var identity = File.Exists(pidFile) ? ProcessIdentity.Parse(File.ReadAllText(pidFile)) : null;
        return identity is { IsAlive: true }
            ? new Daemon(identity, pidFile, Path.Combine(folder.FullName, $"{name}.log"), stopSignal)
            : null;
    }

    public async Task StopAsync(CancellationToken ct)
    {
        await Process.EndAsync(StopSignal, TimeSpan.FromSeconds(15), ct);
        File.Delete(_pidFile);
    }

    public string LastWords() => LastLines(LogFile);

    /// <summary>Without the places of a stack, behind which what went wrong would be out of sight.</summary>
    private static string LastLines(string log) => File.Exists(log)
        ? string.Join('\n', File.ReadLines(log).Where(line => !line.TrimStart().StartsWith("at ", StringComparison.Ordinal)).TakeLast(15).Select(line => $"    {line}"))
        : "    (no output)";
}

/// <summary>A process that can be told from a later one with the same number.</summary>
internal sealed record ProcessIdentity(int Pid, long StartedTicks)
{
    public bool IsAlive => Of(Pid) == this;

    public static ProcessIdentity? Of(int pid)
    {
        try
        {
            // The command in brackets may hold blanks, so count fields from the last bracket: state is 3, starttime 22.
            var text = File.ReadAllText($"/proc/{pid}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] == "X" || (fields[0] == "Z" && !HasThreads(pid)) ? null : new ProcessIdentity(pid, long.Parse(fields[19], CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            // No such process, or it went away between open and read.
            return null;
        }
    }

    /// <summary>Of a process that was killed the first thread may be gone before the others, which hold its ports and files until they are.</summary>
    private static bool HasThreads(int pid) => Directory.EnumerateDirectories($"/proc/{pid}/task").Skip(1).Any();

    public static ProcessIdentity? Parse(string text)
    {
        var parts = text.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        return parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
            ? new ProcessIdentity(pid, ticks)
            : null;
    }

    public async Task EndAsync(string signal, TimeSpan patience, CancellationToken ct)
    {
        await SignalAsync(signal, ct);
        if (await WaitForEndAsync(patience, ct))
            return;
        await SignalAsync("KILL", ct);
        await WaitForEndAsync(patience, ct);
    }

    public async Task SignalAsync(string signal, CancellationToken ct)
    {
        if (IsAlive)
            await Command.TryRunAsync("kill", [$"-{signal}", Pid.ToString(CultureInfo.InvariantCulture)], new CommandSettings(), ct);
    }

    public async Task<bool> WaitForEndAsync(TimeSpan patience, CancellationToken ct)
    {
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        while (IsAlive)
        {
            if (clock.GetElapsedTime(started) > patience)
                return false;
            await Task.Delay(TimeSpan.FromMilliseconds(20), clock, ct);
        }

        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Pid} {StartedTicks}\n");
}
