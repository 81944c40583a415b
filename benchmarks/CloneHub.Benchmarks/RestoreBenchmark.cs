using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using CloneHub.Dev.Host;
using CloneHub.Dev.WordPress;

namespace CloneHub.Benchmarks;

/// <summary>
/// A site of 10,000 files gets its clone's content and its own back, under visitors: how long new ones are held while places change, whether anybody sees a page of
/// both, and how long it takes to undo.
/// </summary>
internal static class RestoreBenchmark
{
    public const int UsualTurns = 10;
    private const int RequestsPerSecond = 20;

    public static async Task RunAsync(Stage stage, int turns, Report report, CancellationToken ct)
    {
        await using var site = await stage.StartSourceAsync(SiteContent.Medium, ct);
        await CloneEdits.SettleAsync(site, ct);
        var clone = await stage.RequestAsync(site, ct);
        await stage.WaitUntilServingAsync(clone, ct);
        await CloneEdits.MakeAsync(stage.Servers, stage.State, clone, ct);
        var (held, undone) = (new List<double>(), new List<double>());

        // The first one finds a site that nobody has visited yet.
        await ThereAndBackAsync(stage, clone, site, [], [], ct);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var seen = new ConcurrentBag<(string What, double Milliseconds)>();
        var started = TimeProvider.System.GetTimestamp();
        var visits = VisitAsync(site.Url, seen, enough.Token);
        for (var turn = 0; turn < turns; turn++) await ThereAndBackAsync(stage, clone, site, held, undone, ct);
        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        await enough.CancelAsync();
        await visits;

        report.Row($"restore of M under visitors, new ones held, {turns} turns", $"median {Statistics.Percentile(held, 50):0} ms, worst {held.Max():0} ms");
        report.Row("undo, from the request to the job's word that it is done", $"median {Statistics.Percentile(undone, 50):0.0} s, worst {undone.Max():0.0} s");
        var kinds = seen.GroupBy(page => page.What).OrderBy(kind => kind.Key, StringComparer.Ordinal).Select(kind => $"{kind.Key} {kind.Count()}");
        report.Row("what visitors saw meanwhile", $"{string.Join(", ", kinds)}; {seen.Count / seconds:0.0} pages a second, the slowest {seen.Max(page => page.Milliseconds):0} ms");
        await stage.RemoveAsync([clone], ct);
    }

    private static async Task ThereAndBackAsync(Stage stage, string clone, SourceSite site, List<double> held, List<double> undone, CancellationToken ct)
    {
        var job = await stage.RestoreAsync(clone, site, ct);
        var status = await stage.WaitUntilServingAsync(job, ct);
        held.Add(status.GetProperty("restore").GetProperty("held_milliseconds").GetDouble());
        var started = TimeProvider.System.GetTimestamp();
        await stage.RollBackAsync(job, ct);
        while (!(await stage.StatusAsync(job, ct)).GetProperty("restore").TryGetProperty("rolled_back_at", out _)) await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, ct);
        undone.Add(TimeProvider.System.GetElapsedTime(started).TotalSeconds);
        await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"Held for {held[^1]:0} ms, undone after {undone[^1]:0.0} s."));
    }

    private static async Task VisitAsync(Uri site, ConcurrentBag<(string What, double Milliseconds)> seen, CancellationToken enough)
    {
        using var visitor = LoopbackHttp.CreateClient();
        await OpenLoop.RunAsync(RequestsPerSecond, () => LookAsync(visitor, site, seen), enough);
    }

    private static async Task LookAsync(HttpClient visitor, Uri site, ConcurrentBag<(string What, double Milliseconds)> seen)
    {
        var watch = Stopwatch.StartNew();
        using var answer = await visitor.GetAsync(site);
        var page = await answer.Content.ReadAsStringAsync();
        var marks = CloneEdits.Marks.Count(mark => page.Contains(mark, StringComparison.Ordinal));
        var what = answer.StatusCode is not HttpStatusCode.OK ? $"{(int)answer.StatusCode}" : marks == 0 ? "old" : marks == CloneEdits.Marks.Count ? "new" : "mixed";
        seen.Add((what, watch.Elapsed.TotalMilliseconds));
    }
}
