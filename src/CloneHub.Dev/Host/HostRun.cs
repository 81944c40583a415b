using System.Globalization;
using System.Net;
using CloneHub.Dev.Processes;

namespace CloneHub.Dev.Host;

/// <summary>The Host as a process in a session of its own.</summary>
internal sealed class HostRun
{
    private const string Usual = "host";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly Daemon _daemon;

    private HostRun(Daemon daemon, Uri address)
    {
        _daemon = daemon;
        Address = address;
    }

    public Uri Address { get; }

    public int Pid => _daemon.Process.Pid;

    public string LogFile => _daemon.LogFile;

    /// <param name="name">Folder of its log; one that begins with "host".</param>
    public static async Task<HostRun> StartAsync(Dictionary<string, string> settings, DirectoryInfo state, Leash leash, CancellationToken ct, string name = Usual)
    {
        var folder = state.CreateSubdirectory(name);
        // Secrets are among the settings: a file for the shell, not arguments that every account can read.
        var environment = Path.Combine(folder.FullName, "environment");
        var lines = settings.Select(setting => $"export {setting.Key}={Quoted(setting.Value)}\n");
        await Account.Self.WriteSecretAsync(environment, string.Concat(lines), ct);
        var spec = new DaemonSpec("host", "sh", ["-c", ". \"$1\"; cd \"$2\"; exec dotnet \"$3\"", "sh", environment, folder.FullName, HostSettings.Program()]);
        var run = new HostRun(Daemon.Start(spec, folder, leash), new Uri(settings["Urls"]));
        await run.AwaitReadyAsync(ct);
        return run;
    }

    /// <summary>Waits for Ctrl-C. Nobody looks at the log of a Host that ends by itself, so that is told.</summary>
    public async Task WatchAsync(CancellationToken ct)
    {
        await WaitForEndAsync(ct);
        throw new SetUpException($"CloneHub ended by itself. The end of {_daemon.LogFile}:\n{_daemon.LastWords()}");
    }

    public Task StopAsync() => _daemon.StopAsync(CancellationToken.None);

    /// <summary>Waits until it has ended by itself.</summary>
    public async Task WaitForEndAsync(CancellationToken ct)
    {
        while (_daemon.IsAlive)
            await Task.Delay(TimeSpan.FromMilliseconds(250), TimeProvider.System, ct);
    }

    /// <summary>Ends the Hosts that a killed run left behind.</summary>
    public static async Task<bool> StopAnywayAsync(DirectoryInfo state, CancellationToken ct)
    {
        var left = state.Exists ? state.GetDirectories($"{Usual}*").Select(folder => Daemon.Find("host", folder)).OfType<Daemon>().ToList() : [];
        await Task.WhenAll(left.Select(daemon => daemon.StopAsync(ct)));
        return left.Count > 0;
    }

    private async Task AwaitReadyAsync(CancellationToken ct)
    {
        using var client = LoopbackHttp.CreateClient(Address);
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        var said = "nothing yet";
        while (true)
        {
            try
            {
                using var answer = await client.GetAsync(new Uri("health/ready", UriKind.Relative), ct);
                if (answer.StatusCode == HttpStatusCode.OK)
                    return;
                said = await answer.Content.ReadAsStringAsync(ct);
            }
            catch (HttpRequestException e)
            {
                said = e.Message;
            }

            if (!_daemon.IsAlive)
                throw new SetUpException($"CloneHub ended while starting. The end of {_daemon.LogFile}:\n{_daemon.LastWords()}");
            if (clock.GetElapsedTime(started) > Patience)
            {
                throw new SetUpException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"CloneHub was not ready within {Patience.TotalSeconds:0} s; {Address}health/ready said: {said}\nThe end of {_daemon.LogFile}:\n{_daemon.LastWords()}"));
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), clock, ct);
        }
    }

    private static string Quoted(string value) => $"'{value.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
