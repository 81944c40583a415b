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
        held=; folders=; clones=; mounts=; scripts=
        while read -r verb a b c; do
            case $verb in
                hold) held="$held $a:$b:$c" ;;
                clones) clones="$clones $a" ;;
                folder) folders="$folders $a" ;;
                mount) mounts="$mounts $a" ;;
                script) scripts="$scripts $a" ;;
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
        for folder in $clones; do
            for file in $(grep -lsF "$folder/" /proc/[0-9]*/cmdline); do
                pid=${file#/proc/}; pid=${pid%/cmdline}
                case $(cat "/proc/$pid/comm") in php-fpm* | nginx) kill -TERM "$pid" ;; esac
            done
        done
        for script in $scripts; do [ ! -e "$script" ] || sh "$script"; done
        for mount in $mounts; do umount -l "$mount"; done
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
    public void Remove(string folder) => Write($"folder {WithoutBlanks(folder)}");

    /// <summary>Also takes this file system off its folder at the end, before any folder is removed.</summary>
    public void Unmount(string folder) => Write($"mount {WithoutBlanks(folder)}");

    /// <summary>Also ends php-fpm and nginx of the local clones below this folder. They are the Host's, so nobody here knows their numbers.</summary>
    public void EndClones(string folder) => Write($"clones {WithoutBlanks(folder)}");

    /// <summary>Also runs this shell script at the end, if it is still there then. Its path must not hold blanks.</summary>
    public void RunScript(string path) => Write($"script {WithoutBlanks(path)}");

    public void Dispose()
    {
        _shell.StandardInput.Close();
        _shell.WaitForExit(TimeSpan.FromSeconds(10));
        _shell.Dispose();
    }

    private static string WithoutBlanks(string folder) => folder.Any(char.IsWhiteSpace)
        ? throw new ArgumentException($"A path with blanks cannot be put on the leash: {folder}", nameof(folder))
        : folder;

    private void Write(string line)
    {
        lock (_gate)
            _shell.StandardInput.WriteLine(line);
    }
}
