using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using CloneHub.Dev.Host;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;

namespace CloneHub.Testing;

/// <summary>The built CloneHub.Host as a process of its own, so that it can be killed and started again.</summary>
public sealed class HostProcess : IAsyncDisposable
{
    private readonly Dictionary<string, string> _settings;
    private readonly ConcurrentQueue<string> _output = new();
    private Process? _process;

    private HostProcess(Dictionary<string, string> settings, Uri address, DirectoryInfo state)
    {
        _settings = settings;
        Address = address;
        State = state;
        Client = LoopbackHttp.CreateClient(address);
    }

    public Uri Address { get; }

    public HttpClient Client { get; }

    /// <summary>False once it has ended, however it came to that.</summary>
    public bool IsAlive => _process is { HasExited: false };

    public int Pid => _process!.Id;

    /// <summary>The Host's state directory; local clones are under <c>local</c>.</summary>
    public DirectoryInfo State { get; }

    /// <summary>The database of its event log.</summary>
    public string PostgreSql => _settings["CloneHub__PostgreSql__ConnectionString"];

    /// <summary>All it has printed, over all its starts.</summary>
    public string Output => string.Join('\n', _output);

    /// <summary>How many of its lines hold the text. For who waits: <see cref="Output"/> is a new copy of all of them each time.</summary>
    public int LinesWith(string text) => _output.Count(line => line.Contains(text, StringComparison.Ordinal));

    /// <param name="changes">Settings on top of the usual ones, as environment variables: CloneHub__Slots.</param>
    public static async Task<HostProcess> StartAsync(ServersFixture servers, IReadOnlyDictionary<string, string>? changes = null)
    {
        var all = new Dictionary<string, string>(changes ?? new Dictionary<string, string>());
        all.TryAdd("CloneHub__PostgreSql__ConnectionString", await servers.NewPostgreSqlDatabaseAsync());
        all.TryAdd("CloneHub__Redis__ConnectionString", servers.NewRedisDatabase());
        return await StartAsync(servers.Servers, await servers.CoreStoreAsync(), servers.NewFolder(), all);
    }

    /// <summary>With servers and folders that are nobody else's.</summary>
    public static async Task<HostProcess> StartAsync(
        PrivateServers servers, DirectoryInfo coreStore, DirectoryInfo state, IReadOnlyDictionary<string, string> changes)
    {
        var port = Ports.Free();
        var settings = HostSettings.For(servers, coreStore, state, port);
        foreach (var (name, value) in changes)
            settings[name] = value;
        ServersFixture.Leash.EndClones(LocalClones.Folder(state));
        var host = new HostProcess(settings, new Uri($"http://127.0.0.1:{port}/"), state);
        try
        {
            await host.StartAsync();
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }

        return host;
    }

    public async Task StartAsync()
    {
        var start = new ProcessStartInfo("dotnet", [HostSettings.Program()])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = State.FullName,
        };
        foreach (var (name, value) in _settings)
            start.Environment[name] = value;
        var process = _process = Process.Start(start)!;
        ServersFixture.Leash.Hold(ProcessIdentity.Of(process.Id)!, "KILL");
        process.OutputDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await Eventually.Until(
            $"the Host answers at {Address}health/ready",
            async () => process.HasExited
                ? throw new InvalidOperationException($"The Host ended with exit code {process.ExitCode}:\n{Output}")
                : await IsReadyAsync(),
            TimeSpan.FromMinutes(3));
    }

    /// <summary>The end without a farewell: SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>STOP freezes it, CONT lets it go on.</summary>
    public async Task SignalAsync(string signal)
    {
        if (_process is { HasExited: false } process && ProcessIdentity.Of(process.Id) is { } identity)
            await identity.SignalAsync(signal, CancellationToken.None);
    }

    /// <summary>Waits until it has ended, and answers its exit code.</summary>
    public async Task<int> WaitForEndAsync(TimeSpan patience)
    {
        await Eventually.Until($"the Host at {Address} has ended", () => _process!.HasExited, patience);
        await _process!.WaitForExitAsync();
        return _process.ExitCode;
    }

    /// <summary>The orderly end: SIGTERM, and what the Host does then.</summary>
    public async Task StopAsync()
    {
        if (_process is { HasExited: false } process && ProcessIdentity.Of(process.Id) is { } identity)
            await identity.EndAsync("TERM", TimeSpan.FromSeconds(20), CancellationToken.None);
    }

    /// <param name="changes">Settings that are others from now on.</param>
    public async Task RestartAsync(params (string Name, string Value)[] changes)
    {
        await StopAsync();
        foreach (var (name, value) in changes) _settings[name] = value;
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await LocalClones.StopAllAsync(State, CancellationToken.None);
        Client.Dispose();
        _process?.Dispose();
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var answer = await Client.GetAsync(new Uri("health/ready", UriKind.Relative));
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            // It does not listen yet.
            return false;
        }
    }
}
