using System.Globalization;
using System.Runtime.InteropServices;
using CloneHub.Dev;
using CloneHub.Dev.Demo;
using CloneHub.Dev.Host;

const string usage = "Usage: CloneHub.Dev up [--nodes N] | demo [--restore] [--kube] [--once] | down [--state FOLDER]";

var screen = new Screen();
using var end = new CancellationTokenSource();
// The first Ctrl-C asks for an orderly end; a second one is not caught and ends the process, after which the leash cleans up.
PosixSignalRegistration? interrupt = null;
interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);

var words = args.ToList();
var stateAt = words.IndexOf("--state");
var state = stateAt >= 0 && stateAt + 1 < words.Count ? words[stateAt + 1] : null;
if (state is not null)
    words.RemoveRange(stateAt, 2);

try
{
    return words switch
    {
        ["up"] => await UpCommand.RunAsync(state ?? Repository.Path(".clonehub", "up"), nodes: 1, screen, end.Token),
        ["up", "--nodes", var text] => await UpCommand.RunAsync(state ?? Repository.Path(".clonehub", "up"), Nodes(text), screen, end.Token),
        ["demo", .. var wishes] when wishes.All(wish => wish is "--once" or "--kube" or "--restore") =>
            await DemoAsync(new DemoOptions(wishes.Contains("--once"), wishes.Contains("--kube"), wishes.Contains("--restore"))),
        ["down"] => await DownAsync(),
        _ => Refuse(),
    };
}
// A Ctrl-C at the terminal reaches the programs that prepare servers and sites too; their failing is no trouble then.
catch (Exception e) when (end.IsCancellationRequested && e is (OperationCanceledException or SetUpException))
{
    screen.Report("Stopped.");
    return words.Contains("--once") ? 130 : 0;
}
catch (SetUpException e)
{
    screen.Trouble(e.Message);
    return 1;
}

// Jobs of one kind of demo would not find their clones in the other.
Task<int> DemoAsync(DemoOptions options) => DemoCommand.RunAsync(state ?? Repository.Path(".clonehub", options.Kube ? "demo-kube" : "demo"), options, screen, end.Token);

Task<int> DownAsync()
{
    string[] usual =
    [
        Repository.Path(".clonehub", "up"), Repository.Path(".clonehub", "demo"), Repository.Path(".clonehub", "demo-kube"), Repository.Path(".clonehub", "bench"),
    ];
    return DownCommand.RunAsync(state is null ? usual : [state], screen, end.Token);
}

static int Nodes(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var nodes) && nodes is 1 or (>= 3 and <= HostCluster.Most)
    ? nodes
    : throw new SetUpException($"--nodes takes 1 or 3 to {HostCluster.Most}, not {text}: of two nodes neither is a majority.");

int Refuse()
{
    Console.Error.WriteLine(usage);
    return 64; // EX_USAGE of sysexits.h
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    interrupt?.Dispose();
    screen.Report("Stopping.");
    end.Cancel();
}

/// <summary>Said outright, or ASP.NET makes it public and it is taken for the Host's.</summary>
internal sealed partial class Program;
