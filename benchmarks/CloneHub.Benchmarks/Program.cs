using System.Globalization;
using CloneHub.Benchmarks;
using CloneHub.Benchmarks.Engine;
using CloneHub.Benchmarks.Kube;
using CloneHub.Dev;
using CloneHub.Dev.WordPress;

const string usage =
    "Usage: CloneHub.Benchmarks [clone] [warm] [accept] [burst] [webhook] [medium] [large] [huge] [rewrite] [burst50] [soak] [reports] [scale] [resume] [restore] [kube] [engine [--rivals]] [--turns N] [--clones N] [--jobs N] [--save NAME]   (the first four if none is named)";

// What is measured, in processes of its own.
if (args is [EngineNode.Command, var at, var heap, .. var how]) return await EngineNode.RunAsync(int.Parse(at, CultureInfo.InvariantCulture), heap, holds: how.Contains(EngineNode.Holding));
if (args is [NullServer.Command, var where]) return await NullServer.RunAsync(int.Parse(where, CultureInfo.InvariantCulture));

var words = args.ToList();
var withRivals = words.Remove("--rivals");
var name = Option("--save");
int? clones = int.TryParse(Option("--clones"), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : null;
int? jobs = int.TryParse(Option("--jobs"), NumberStyles.None, CultureInfo.InvariantCulture, out var some) && some > 0 ? some : null;
int? turns = int.TryParse(Option("--turns"), NumberStyles.None, CultureInfo.InvariantCulture, out var many) && many > 0 ? many : null;
List<string> chosen = words.Count == 0 ? ["clone", "accept", "burst", "webhook"] : words;
if (chosen.Except(["clone", "warm", "accept", "burst", "webhook", "medium", "large", "huge", "rewrite", "burst50", "soak", "reports", "scale", "resume", "restore", "kube", "engine"]).Any())
{
    await Console.Error.WriteLineAsync(usage);
    return 64; // EX_USAGE of sysexits.h
}

using var end = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    end.Cancel();
};

var report = new Report();
var isFastEnough = true;
report.Line(await Machine.DescribeAsync(end.Token));
if (chosen.Remove("reports")) await ReportsBenchmark.RunAsync(report, end.Token);
if (chosen.Remove("scale")) await ScaleBenchmark.RunAsync(jobs ?? ScaleBenchmark.UsualJobs, report, end.Token);
if (chosen.Remove("resume")) await ResumeBenchmark.RunAsync(jobs ?? ResumeBenchmark.UsualJobs, report, end.Token);
if (chosen.Remove("engine")) isFastEnough = await EngineBenchmark.RunAsync(withRivals, name, report, end.Token);
if (chosen.Remove("huge")) await HugeBenchmark.RunAsync(report, end.Token);
if (chosen.Remove("kube")) await KubeBenchmark.RunAsync(clones ?? KubeBenchmark.UsualClones, report, end.Token);
if (chosen.Count > 0)
{
    // All of it is warm then.
    if (chosen.Contains("warm")) chosen.Remove("clone");
    if (chosen.Contains("warm")) Environment.SetEnvironmentVariable("CloneHub__Pool__Size", "1");
    await using var stage = await Stage.StartAsync(end.Token);
    var clone = new CloneBenchmark(stage, report, isWarm: chosen.Contains("warm"));
    foreach (var what in chosen)
    {
        await (what switch
        {
            "clone" or "warm" => clone.RunSmallAsync(end.Token),
            "accept" => AcceptBenchmark.RunAsync(stage, report, end.Token),
            "webhook" => WebhookBenchmark.RunAsync(stage, report, end.Token),
            "medium" => clone.RunAsync(SiteContent.Medium, end.Token),
            "large" => clone.RunAsync(SiteContent.Large, end.Token),
            "rewrite" => RewriteBenchmark.RunAsync(stage, report, end.Token),
            "soak" => SoakBenchmark.RunAsync(stage, clones ?? SoakBenchmark.UsualClones, report, end.Token),
            "restore" => RestoreBenchmark.RunAsync(stage, turns ?? RestoreBenchmark.UsualTurns, report, end.Token),
            "burst50" => BurstBenchmark.RunAsync(stage, 50, report, end.Token),
            _ => BurstBenchmark.RunAsync(stage, 20, report, end.Token),
        });
    }
}

if (name is not null)
{
    var file = Repository.Path("benchmarks", "results", string.Create(CultureInfo.InvariantCulture, $"{name}.md"));
    Directory.CreateDirectory(Path.GetDirectoryName(file)!);
    await File.WriteAllTextAsync(file, report.ToString());
}

return isFastEnough && report.Holds ? 0 : 1;

string? Option(string option)
{
    var at = words.IndexOf(option);
    if (at < 0 || at + 1 >= words.Count) return null;
    var value = words[at + 1];
    words.RemoveRange(at, 2);
    return value;
}
