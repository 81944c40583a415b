using System.Globalization;
using CloneHub.Benchmarks;
using CloneHub.Dev;

const string usage = "Usage: CloneHub.Benchmarks [clone] [accept] [burst] [webhook] [reports] [--save NAME]   (the first four if none is named)";

var words = args.ToList();
var saveAt = words.IndexOf("--save");
var name = saveAt >= 0 && saveAt + 1 < words.Count ? words[saveAt + 1] : null;
if (name is not null) words.RemoveRange(saveAt, 2);
List<string> chosen = words.Count == 0 ? ["clone", "accept", "burst", "webhook"] : words;
if (chosen.Except(["clone", "accept", "burst", "webhook", "reports"]).Any())
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
report.Line(await Machine.DescribeAsync(end.Token));
if (chosen.Remove("reports")) await ReportsBenchmark.RunAsync(report, end.Token);
if (chosen.Count > 0)
{
    await using var stage = await Stage.StartAsync(end.Token);
    foreach (var what in chosen)
    {
        await (what switch
        {
            "clone" => CloneBenchmark.RunAsync(stage, report, end.Token),
            "accept" => AcceptBenchmark.RunAsync(stage, report, end.Token),
            "webhook" => WebhookBenchmark.RunAsync(stage, report, end.Token),
            _ => BurstBenchmark.RunAsync(stage, report, end.Token),
        });
    }
}

if (name is not null)
{
    var file = Repository.Path("benchmarks", "results", string.Create(CultureInfo.InvariantCulture, $"{name}.md"));
    Directory.CreateDirectory(Path.GetDirectoryName(file)!);
    await File.WriteAllTextAsync(file, report.ToString());
}

return 0;
