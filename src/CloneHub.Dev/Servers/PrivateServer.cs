using CloneHub.Dev.Processes;

namespace CloneHub.Dev.Servers;

/// <summary>
/// One server with its files, port and password in a folder of its own. Started once, it is found again by asking it over its
/// protocol where its data lie; a number in a pid file proves nothing.
/// </summary>
internal abstract class PrivateServer(string name, Account account, DirectoryInfo folder, ServerSettings settings)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);
    private const int StartsAfterKill = 10;
    private Daemon? _started;

    public string Name { get; } = name;

    public int Port { get; private set; }

    public string Password { get; private set; } = "";

    protected Account RunAs { get; } = account;

    protected ServerSettings Settings { get; } = settings;

    protected DirectoryInfo Folder { get; } = folder;

    protected string DataDirectory => Path.Combine(Folder.FullName, "data");

    /// <summary>The server itself, if this run started it.</summary>
    public ProcessIdentity? Process => _started?.Process;

    public bool IsPrepared => Directory.Exists(DataDirectory);

    private string PasswordFile => Path.Combine(Folder.FullName, "password");

    private string PortFile => Path.Combine(Folder.FullName, "port");

    /// <summary>What the server takes as an order to end without loss.</summary>
    protected abstract string OrderlyStop { get; }

    /// <summary>Fills <see cref="DataDirectory"/>, which does not exist yet.</summary>
    protected abstract Task InitialiseAsync(CancellationToken ct);

    protected abstract Task<DaemonSpec> DescribeAsync(CancellationToken ct);

    /// <summary>True if the server behind <see cref="Port"/> answers and works on our own data.</summary>
    protected abstract Task<bool> AnswersAsync(CancellationToken ct);

    /// <summary>Makes data and password ready without starting anything.</summary>
    public async Task PrepareAsync(CancellationToken ct)
    {
        Directory.CreateDirectory(Folder.FullName);
        Password = await SecretFile.ReadOrCreateAsync(PasswordFile, ct);
        if (!IsPrepared)
            await InitialiseAsync(ct);
    }

    /// <summary>Takes over data and password of a prepared server that does not run, unless there are data already.</summary>
    public async Task CopyFromAsync(PrivateServer template, CancellationToken ct)
    {
        if (IsPrepared)
            return;
        var unfinished = $"{DataDirectory}.new";
        await Command.RunAsync("rm", ["-rf", unfinished], ct);
        await Command.RunAsync("cp", ["-a", template.PasswordFile, PasswordFile], ct);
        await Command.RunAsync("cp", ["-a", template.DataDirectory, unfinished], ct);
        Directory.Move(unfinished, DataDirectory);
    }

    public async Task StartAsync(Leash? leash, CancellationToken ct)
    {
        Port = Ports.Remembered(PortFile);
        if (await IsOursAsync(ct))
            return;
        // Left over from a run that was killed while the server was coming up or going down.
        if (Daemon.Find(Name, Folder, OrderlyStop) is { } stale)
            await stale.StopAsync(ct);
        if (!Ports.IsFree(Port))
            Port = Ports.Renew(PortFile);

        var daemon = Daemon.Start(await DescribeAsync(ct), Folder, leash);
        await AwaitReadyAsync(daemon, ct);
        _started = daemon;
    }

    /// <summary>Stops the server if this run started it.</summary>
    public async Task StopAsync(CancellationToken ct)
    {
        if (_started is { } daemon)
            await daemon.StopAsync(ct);
        _started = null;
    }

    /// <summary>Ends it in order, whatever its data are worth. It can be started again.</summary>
    public Task EndAsync(CancellationToken ct) => _started?.Process.EndAsync(OrderlyStop, Patience, ct) ?? Task.CompletedTask;

    /// <summary>Ends the server by a signal and starts it again on the same port.</summary>
    public async Task RestartAsync(string signal, Leash? leash, CancellationToken ct)
    {
        if ((_started ?? Daemon.Find(Name, Folder, OrderlyStop)) is { } daemon)
            await daemon.Process.EndAsync(signal, Patience, ct);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await StartAsync(leash, ct);
                return;
            }
            catch (SetUpException) when (attempt < StartsAfterKill)
            {
                // Children of a killed PostgreSQL hold its memory a moment longer.
                await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System, ct);
            }
        }
    }

    /// <summary>Stops the server whoever started it.</summary>
    public async Task<bool> StopAnywayAsync(CancellationToken ct)
    {
        if (Daemon.Find(Name, Folder, OrderlyStop) is not { } daemon)
            return false;
        await daemon.StopAsync(ct);
        return true;
    }

    private async Task<bool> IsOursAsync(CancellationToken ct) => await Ports.AnswersAsync(Port, ct) && await AnswersAsync(ct);

    private async Task AwaitReadyAsync(Daemon daemon, CancellationToken ct)
    {
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        while (!await IsOursAsync(ct))
        {
            if (!daemon.IsAlive)
                throw new SetUpException($"{Name} ended while starting. The end of {daemon.LogFile}:\n{daemon.LastWords()}");
            if (clock.GetElapsedTime(started) > Patience)
                throw new SetUpException($"{Name} did not answer on port {Port} within {Patience.TotalSeconds:0} s. The end of {daemon.LogFile}:\n{daemon.LastWords()}");
            await Task.Delay(TimeSpan.FromMilliseconds(30), clock, ct);
        }
    }
}

/// <param name="Durable">False for tests: a machine that loses power then loses their data, a killed process does not.</param>
internal sealed record ServerSettings(bool Durable);
