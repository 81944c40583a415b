using System.Diagnostics;
using System.Globalization;
using CloneHub.Dev.Processes;

namespace CloneHub.EndToEnd.Tests;

/// <summary>
/// What the kernel was asked for by processes of ours, in its order, by strace. A call that one process can make only after another one's has returned
/// stands after it.
/// </summary>
internal sealed class SystemCalls : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Process _strace;
    private readonly string _file;

    private SystemCalls(Process strace, string file) => (_strace, _file) = (strace, file);

    /// <param name="calls">Names of the calls that are looked at.</param>
    public static async Task<SystemCalls> WatchAsync(DirectoryInfo folder, string calls, params ProcessIdentity[] processes)
    {
        var file = Path.Combine(folder.FullName, "calls");
        var pids = processes.SelectMany(process => new[] { "-p", process.Pid.ToString(CultureInfo.InvariantCulture) });
        string[] arguments = ["-f", "-y", "-s", "4000", "-e", "signal=none", "-e", $"trace={calls}", "-o", file, .. pids];
        var strace = Process.Start(new ProcessStartInfo("strace", arguments) { RedirectStandardError = true })!;
        var said = new List<string>();
        while (said.Count(line => line.Contains("attached", StringComparison.Ordinal)) < processes.Length)
        {
            var line = await strace.StandardError.ReadLineAsync().WaitAsync(Patience);
            said.Add(line ?? throw new InvalidOperationException($"strace cannot look: {string.Join(' ', said)}"));
        }

        _ = strace.StandardError.ReadToEndAsync();
        return new SystemCalls(strace, file);
    }

    /// <summary>One line for each call, or two if others came between its beginning and its end.</summary>
    public async Task<IReadOnlyList<string>> EndAsync()
    {
        if (ProcessIdentity.Of(_strace.Id) is { } identity) await identity.EndAsync("TERM", Patience, CancellationToken.None);
        await _strace.WaitForExitAsync();
        return await File.ReadAllLinesAsync(_file);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_strace.HasExited) await EndAsync();
        _strace.Dispose();
    }
}
