using System.Globalization;
using System.Net;
using CloneHub.Dev.Processes;

namespace CloneHub.Dev.Kube;

/// <summary>
/// A Kubernetes cluster of one node on this machine, brought up by the program <c>kube</c> in the folder that CLONEHUB_KUBE names, or in shared/kube beside the
/// repository. It goes with its owner, also when that is killed.
/// </summary>
internal sealed class SingleNode : IAsyncDisposable
{
    private const int MostRestarts = 5;
    private const string ApiServer = "kube-apiserver";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    /// <summary>All pods together count as one process otherwise, and starve beside a build.</summary>
    private const int Processes = 8;

    private readonly DirectoryInfo _folder;
    private string? _programs;

    private SingleNode(DirectoryInfo folder) => _folder = folder;

    public static string Tool => Path.Combine(ToolFolder, "kube");

    public static string ToolFolder => Surroundings.Of("CLONEHUB_KUBE") ?? Repository.Path("..", "shared", "kube");

    /// <summary>Why no node can be brought up here; null if one can.</summary>
    public static string? WhyNot =>
        !File.Exists(Tool) ? $"There is no cluster: {Tool} does not exist, and KUBECONFIG names none. CLONEHUB_KUBE may name the folder of the tool."
        : Environment.IsPrivilegedProcess ? null
        : "A cluster of our own needs root.";

    /// <summary>File that says how its administrator reaches it.</summary>
    public string KubeConfig { get; private set; } = "";

    /// <summary>This machine as its pods see it.</summary>
    public IPAddress HostAddress { get; private set; } = IPAddress.Loopback;

    private string Home => Path.Combine(_folder.FullName, "home");

    /// <param name="folder">Not below the checkout: an overlay of the node's image store cannot lie on every file system.</param>
    /// <param name="leash">Takes the node down when this process ends without doing so.</param>
    public static async Task<SingleNode> UpAsync(DirectoryInfo folder, Leash leash, CancellationToken ct)
    {
        var node = new SingleNode(folder);
        var farewell = Path.Combine(folder.FullName, "down.sh");
        await File.WriteAllTextAsync(farewell, $"KUBE_HOME='{node.Home}' '{Tool}' down --purge; rm -rf '{folder.FullName}'\n", ct);
        leash.RunScript(farewell);
        await node.StartMissingAsync(ct);
        node.KubeConfig = (await node.RunAsync(["kubeconfig"], ct)).Trim();
        var address = (await node.RunAsync(["env"], ct)).Split('\n').Select(line => line.Split('=', 2)).First(pair => pair[0] is "KUBE_HOST_IP" or "export KUBE_HOST_IP")[1];
        node.HostAddress = IPAddress.Parse(address.Trim('"', '\''));
        await node.GiveWeightAsync(ct);
        return node;
    }

    /// <summary>Takes down what a killed run left in this folder.</summary>
    /// <returns>Whether there was anything.</returns>
    public static async Task<bool> DownAnywayAsync(DirectoryInfo folder, CancellationToken ct)
    {
        var node = new SingleNode(folder);
        if (!Directory.Exists(node.Home)) return false;
        await node.RunAsync(["down", "--purge"], ct);
        folder.Delete(recursive: true);
        return true;
    }

    /// <summary>Gives pods an image that lies in an archive.</summary>
    public Task LoadAsync(string archive, CancellationToken ct) => RunAsync(["load", archive], ct);

    /// <summary>Ends one of the node's servers without a farewell.</summary>
    /// <param name="server">kubelet, kube-apiserver …</param>
    public async Task KillAsync(string server, CancellationToken ct)
    {
        // The tool notes the process that entered the node's namespaces; its child is the server.
        var outer = (await File.ReadAllTextAsync(Path.Combine(Home, "pid", server), ct)).Split(' ')[0];
        var inner = (await File.ReadAllTextAsync($"/proc/{outer}/task/{outer}/children", ct)).Split(' ')[0];
        if (ProcessIdentity.Of(int.Parse(inner, CultureInfo.InvariantCulture)) is { } process) await process.SignalAsync("KILL", ct);
    }

    /// <summary>Ends what runs on the node as a power cut does: all pods and what starts them, at once; disks stay. The servers of the cluster itself go on.</summary>
    public async Task CutPowerAsync(CancellationToken ct)
    {
        foreach (var server in (string[])["kubelet", "containerd"]) await KillAsync(server, ct);
        var group = await CgroupAsync(ct);
        var folder = new[] { $"/sys/fs/cgroup/cpu{group}", $"/sys/fs/cgroup{group}" }.First(Directory.Exists);
        foreach (var list in Directory.EnumerateFiles(folder, "cgroup.procs", SearchOption.AllDirectories))
            foreach (var pid in await File.ReadAllLinesAsync(list, ct))
                if (ProcessIdentity.Of(int.Parse(pid, CultureInfo.InvariantCulture)) is { } process) await process.SignalAsync("KILL", ct);
    }

    /// <summary>Has the API server write down every request from now on, and answers the file that it writes.</summary>
    public async Task<FileInfo> AuditAsync(CancellationToken ct)
    {
        // The tool takes its programs from the folder that KUBE_BIN names, and knows no arguments of ours.
        var programs = _folder.CreateSubdirectory("audited");
        var genuine = new[] { Path.Combine(ToolFolder, "bin"), Path.Combine(Home, "bin") }.First(Directory.Exists);
        foreach (var program in Directory.GetFiles(genuine)) File.CreateSymbolicLink(Path.Combine(programs.FullName, Path.GetFileName(program)), program);
        var server = Path.Combine(programs.FullName, ApiServer);
        File.Delete(server);
        var (policy, log) = (Path.Combine(programs.FullName, "policy.yaml"), Path.Combine(programs.FullName, "audit.log"));
        await File.WriteAllTextAsync(policy, "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived, ResponseStarted]\nrules: [{level: Metadata}]\n", ct);
        await File.WriteAllTextAsync(
            server, $"#!/bin/sh\nexec '{genuine}/{ApiServer}' \"$@\" --audit-policy-file='{policy}' --audit-log-path='{log}' --audit-log-mode=blocking\n", ct);
        File.SetUnixFileMode(server, (UnixFileMode)0b111_101_101);
        _programs = programs.FullName;
        await KillAsync(ApiServer, ct);
        await StartMissingAsync(ct);
        return new FileInfo(log);
    }

    /// <summary>Starts those of its servers that do not run.</summary>
    public async Task StartMissingAsync(CancellationToken ct)
    {
        for (var again = 0; ; again++)
        {
            try
            {
                await RunAsync(["up"], ct);
                return;
            }
            catch (SetUpException fault) when (again < MostRestarts && fault.Message.Contains("kubelet has ended", StringComparison.Ordinal))
            {
                // After a power cut containerd answers before it has its pods back, and a kubelet that comes in between ends: whoever supervises a node starts it again.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync(["down", "--purge"], CancellationToken.None);
        try
        {
            _folder.Delete(recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // The leash was quicker.
        }
    }

    private async Task GiveWeightAsync(CancellationToken ct)
    {
        var group = await CgroupAsync(ct);
        foreach (var (file, ofOne) in ((string, int)[])[($"/sys/fs/cgroup/cpu{group}/cpu.shares", 1024), ($"/sys/fs/cgroup{group}/cpu.weight", 100)])
            if (File.Exists(file)) await File.WriteAllTextAsync(file, (Processes * ofOne).ToString(CultureInfo.InvariantCulture), ct);
    }

    /// <summary>Path of the control group that all pods are below.</summary>
    private async Task<string> CgroupAsync(CancellationToken ct)
    {
        const string Root = "cgroupRoot:";
        return (await File.ReadAllLinesAsync(Path.Combine(Home, "kubelet.yaml"), ct)).First(line => line.StartsWith(Root, StringComparison.Ordinal))[Root.Length..].Trim();
    }

    private async Task<string> RunAsync(string[] arguments, CancellationToken ct)
    {
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, ct);
        var environment = new Dictionary<string, string> { ["KUBE_HOME"] = Home };
        if (_programs is not null) environment["KUBE_BIN"] = _programs;
        var settings = new CommandSettings { Environment = environment };
        try
        {
            return await Command.RunAsync(Tool, arguments, settings, either.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new SetUpException($"kube {string.Join(' ', arguments)} took longer than {Patience.TotalSeconds:0} s.");
        }
    }
}
