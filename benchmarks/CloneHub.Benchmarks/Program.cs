using System.Globalization;
using CloneHub.Benchmarks;
using CloneHub.Dev;

const string usage = "Usage: CloneHub.Benchmarks [clone] [accept] [burst] [webhook] [--save NAME]   (all if none is named)";

var words = args.ToList();
var saveAt = words.IndexOf("--save");
var name = saveAt >= 0 && saveAt + 1 < words.Count ? words[saveAt + 1] : null;
if (name is not null) words.RemoveRange(saveAt, 2);
var chosen = words.Count == 0 ? ["clone", "accept", "burst", "webhook"] : words;
if (chosen.Except(["clone", "accept", "burst", "webhook"]).Any())
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
await using (var stage = await Stage.StartAsync(end.Token))
{
    report.Line(await Machine.DescribeAsync(end.Token));
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
