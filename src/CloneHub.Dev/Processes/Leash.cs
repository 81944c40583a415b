using System.Diagnostics;
using System.Globalization;

namespace CloneHub.Dev.Processes;

/// <summary>
/// Ends processes and removes folders when this process ends, however it ends. A small shell reads a pipe that only this process
/// holds open; when the kernel closes it, the shell acts. The parent-death signal of Linux would not do: it follows the thread
/// that forked, and threads of the pool retire.
/// </summary>
public sealed class Leash : IDisposable
{
    private const string Script =
        """
        held=; folders=
        while read -r verb a b c; do
            case $verb in
                hold) held="$held $a:$b:$c" ;;
                folder) folders="$folders $a" ;;
            esac
        done
        split() { signal=${1%%:*}; pid=${1#*:}; started=${pid#*:}; pid=${pid%%:*}; }
        lives() { [ "$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d' ' -f20)" = "$started" ]; }
        for h in $held; do
            split "$h"
            if lives; then kill "-$signal" "$pid"; fi
        done
        round=0
        while [ $round -lt 30 ]; do
            left=
            for h in $held; do
                split "$h"
                if lives; then left="$left $pid"; fi
            done
            [ -n "$left" ] || break
            round=$((round + 1)); sleep 0.1
        done
        [ -z "$left" ] || kill -KILL $left 2>/dev/null
        [ -z "$folders" ] || rm -rf $folders
        """;

    private readonly Process _shell;
    private readonly Lock _gate = new();

    public Leash()
    {
        var start = new ProcessStartInfo("setsid") { RedirectStandardInput = true, WorkingDirectory = "/" };
        // Nothing of the caller's output is kept open, or a test runner would wait for this shell.
        foreach (var argument in new[] { "sh", "-c", "exec >/dev/null 2>&1; " + Script })
            start.ArgumentList.Add(argument);
        _shell = Process.Start(start)!;
        _shell.StandardInput.AutoFlush = true;
    }

    internal void Hold(ProcessIdentity process, string signal) =>
        Write(string.Create(CultureInfo.InvariantCulture, $"hold {signal} {process.Pid} {process.StartedTicks}"));

    /// <summary>Also removes this folder at the end. Its path must not hold blanks.</summary>
    public void Remove(string folder)
    {
        if (folder.Any(char.IsWhiteSpace))
            throw new ArgumentException($"A path with blanks cannot be put on the leash: {folder}", nameof(folder));
        Write($"folder {folder}");
    }

    public void Dispose()
    {
        _shell.StandardInput.Close();
        _shell.WaitForExit(TimeSpan.FromSeconds(10));
        _shell.Dispose();
    }

    private void Write(string line)
    {
        lock (_gate)
            _shell.StandardInput.WriteLine(line);
    }
}
