using System.Globalization;
using System.Net;
using CloneHub.Dev;
using CloneHub.Dev.Host;
using CloneHub.Dev.Processes;
using CloneHub.Testing;

namespace CloneHub.Chaos;

/// <summary>One node as a process that can be ended, frozen and started again.</summary>
internal sealed class NodeProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(20);

    private readonly Dictionary<string, string> _settings;
    private readonly DirectoryInfo _folder;
    private readonly Leash _leash;
    private readonly IReadOnlyList<string> _arguments;
    private volatile bool _isWanted;
    private Daemon? _daemon;

    /// <param name="program">The program, and its arguments.</param>
    public NodeProcess(int port, IReadOnlyList<string> program, Dictionary<string, string> settings, DirectoryInfo folder, Leash leash)
    {
        (Program, _arguments, _settings, _folder, _leash) = (program[0], [.. program.Skip(1)], settings, folder, leash);
        Client = LoopbackHttp.CreateClient(new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/")));
        Client.Timeout = AnswerLimit;
    }

    public HttpClient Client { get; }

    /// <summary>The assembly that the next start starts: of this version or of another one.</summary>
    public string Program { get; set; }

    /// <summary>A file with the settings of the node, for a shell.</summary>
    public string Environment => Path.Combine(_folder.FullName, "environment");

    public string LogFile => Path.Combine(_folder.FullName, "node.log");

    /// <summary>Number of its process; null while it has none.</summary>
    public int? Pid => _daemon is { IsAlive: true } daemon ? daemon.Process.Pid : null;

    public bool HasEndedByItself => _isWanted && _daemon?.IsAlive == false;

    public async Task StartAsync(CancellationToken ct)
    {
        await Account.Self.WriteSecretAsync(Environment, string.Concat(_settings.Select(setting => $"export {setting.Key}='{setting.Value}'\n")), ct);
        _daemon = Daemon.Start(new DaemonSpec("node", "sh", ["-c", ". \"$1\"; cd \"$2\"; shift 2; exec dotnet \"$@\"", "sh", Environment, _folder.FullName, Program, .. _arguments]), _folder, _leash);
        _isWanted = true;
    }

    /// <summary>Waits until the node says that it can work. One that ends meanwhile is started again by whoever supervises it.</summary>
    public async Task AwaitReadyAsync(CancellationToken ct)
    {
        try
        {
            await Eventually.Until("a node is ready", () => IsReadyAsync(ct), Patience);
        }
        catch (TimeoutException late)
        {
            // Its log goes with the run.
            throw new SetUpException($"{late.Message}. The end of {LogFile}:\n{_daemon?.LastWords()}");
        }
    }

    public async Task EndAsync(string signal, CancellationToken ct)
    {
        _isWanted = false;
        if (_daemon is { } daemon) await daemon.Process.EndAsync(signal, Grace, ct);
    }

    public Task SignalAsync(string signal, CancellationToken ct) => _daemon?.Process.SignalAsync(signal, ct) ?? Task.CompletedTask;

    public void Dispose() => Client.Dispose();

    private async Task<bool> IsReadyAsync(CancellationToken ct)
    {
        try
        {
            using var answer = await Client.GetAsync(new Uri("health/ready", UriKind.Relative), ct);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !ct.IsCancellationRequested))
        {
            return false;
        }
    }
}
