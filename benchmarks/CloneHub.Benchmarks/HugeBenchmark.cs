using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using CloneHub.Dev;
using CloneHub.Dev.Host;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;
using CloneHub.Dev.WordPress;

namespace CloneHub.Benchmarks;

/// <summary>
/// A site of gigabytes, whose PHP may take 32 MB, on one processor, and CloneHub on another one: what a clone takes of memory, what the site's visitors feel of it, and what is
/// sent twice when either side is killed again and again.
/// </summary>
internal static class HugeBenchmark
{
    private const string SiteProcessor = "0", OtherProcessors = "1";
    private const int VisitorsPerSecond = 2;
    private static readonly TimeSpan BeforeClone = TimeSpan.FromSeconds(60);

    /// <summary>The site's PHP and the Host in turn, so that each is killed every 30 seconds.</summary>
    private static readonly TimeSpan BetweenKills = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    public static async Task RunAsync(Report report, CancellationToken ct)
    {
        using var leash = new Leash();
        var progress = new Progress<string>(Console.Error.WriteLine);
        var apart = new PrivateServersOptions { StateDirectory = Repository.Path(".clonehub", "bench-source"), Wanted = ServerKinds.MariaDb, Leash = leash };
        await KeepToAsync(SiteProcessor, ct);
        var servers = await PrivateServers.StartAsync(apart, progress, ct);
        try
        {
            await SourceSite.StopAllAsync(servers.State, ct);
            await KeepToAsync(OtherProcessors, ct);
            await using var stage = await Stage.StartAsync(ct);
            await KeepToAsync(SiteProcessor, ct);
            await using var source = await stage.StartSourceAsync(SiteContent.Huge, ct, servers, new Dictionary<string, string> { ["memory_limit"] = "32M" });
            await KeepToAsync(OtherProcessors, ct);
            await RunAsync(stage, source, report, ct);
        }
        finally
        {
            await servers.StopAsync(CancellationToken.None);
        }
    }

    private static async Task RunAsync(Stage stage, SourceSite source, Report report, CancellationToken ct)
    {
        using var before = CancellationTokenSource.CreateLinkedTokenSource(ct);
        before.CancelAfter(BeforeClone);
        var alone = await VisitAsync(source.Url, before.Token);

        var whole = await CloneAsync(stage, source, VisitAsync, ct);
        report.Row("clone of XL, scaled", $"{CloneBenchmark.Size(whole.Content)}; {whole.Seconds:0.0} s; {whole.Sent / 1e6:0} MB sent by a PHP of at most 32 MB");
        var parts = await stage.PartsAsync(ct);
        report.Row("its tables were summed at the source, and what had changed was brought again", $"in {parts.GetValueOrDefault("compare with source"):0.0} s and {parts.GetValueOrDefault("copy changed rows"):0.0} s; consistency: {whole.Consistency}");
        report.Row("memory of the Host, at most", $"{Machine.PeakMemory(stage.HostPid) / 1024.0 / 1024.0:0} MB (must 250)");
        report.Row(
            $"visitors of the site, {VisitorsPerSecond} a second", $"p95 {Statistics.Percentile(alone, 95):0} ms before, {Statistics.Percentile(whole.Meanwhile, 95):0} ms meanwhile (must: a fifth more); p50 {Statistics.Percentile(alone, 50):0} and {Statistics.Percentile(whole.Meanwhile, 50):0} ms");

        var broken = await CloneAsync(stage, source, (_, enough) => KillAsync(stage, source, enough), ct);
        report.Row(
            "the same, PHP and Host killed every 30 s each", $"{broken.Seconds:0.0} s; {broken.Meanwhile.Count} kills; {broken.Sent / 1e6:0} MB sent, {100.0 * (broken.Sent - whole.Sent) / whole.Sent:0.0} % more than undisturbed (must 5); consistency: {broken.Consistency}");
    }

    private static async Task<Cloned> CloneAsync(Stage stage, SourceSite source, Func<Uri, CancellationToken, Task<List<double>>> meanwhile, CancellationToken ct)
    {
        var sent = await source.PostedBytesAsync(ct);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var started = TimeProvider.System.GetTimestamp();
        var job = await stage.RequestAsync(source, ct);
        var beside = meanwhile(source.Url, enough.Token);
        var status = await WaitAsync(stage, job, beside, ct);
        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        sent = await source.PostedBytesAsync(ct) - sent;
        await enough.CancelAsync();
        var figures = await beside;
        var consistency = (await stage.CertificateAsync(job, ct)).GetProperty("certificate").GetProperty("consistency").GetString()!;
        await stage.RemoveAsync([job], ct);
        return new Cloned(seconds, sent, consistency, status.GetProperty("result").GetProperty("content"), figures);
    }

    private static async Task<JsonElement> WaitAsync(Stage stage, string job, Task beside, CancellationToken ct)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(started) < Patience)
        {
            if (beside.IsFaulted) await beside;
            try
            {
                var status = await stage.StatusAsync(job, ct);
                if (status.GetProperty("status").GetString() == "completed") return status;
                if (status.GetProperty("status").GetString() is "failed" or "cancelled") throw new InvalidOperationException($"{job} did not complete: {status}");
            }
            catch (HttpRequestException)
            {
                // It is being started again.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, ct);
        }

        throw new TimeoutException($"{job} is not completed.");
    }

    /// <returns>Seconds after which each kill was made good: the process serves again.</returns>
    private static async Task<List<double>> KillAsync(Stage stage, SourceSite source, CancellationToken enough)
    {
        var kills = new List<double>();
        try
        {
            for (var turn = 0; ; turn++)
            {
                await Task.Delay(BetweenKills, TimeProvider.System, enough);
                var started = TimeProvider.System.GetTimestamp();
                await (turn % 2 == 0 ? KillPhpAsync(source) : stage.RestartHostAsync(CancellationToken.None));
                kills.Add(TimeProvider.System.GetElapsedTime(started).TotalSeconds);
            }
        }
        catch (OperationCanceledException) when (enough.IsCancellationRequested)
        {
            return kills;
        }
    }

    private static async Task KillPhpAsync(SourceSite source)
    {
        await source.KillPhpAsync(CancellationToken.None);
        await KeepToAsync(SiteProcessor, CancellationToken.None);
        await source.StartPhpAsync(CancellationToken.None);
        await KeepToAsync(OtherProcessors, CancellationToken.None);
    }

    /// <returns>Milliseconds of each page.</returns>
    private static async Task<List<double>> VisitAsync(Uri site, CancellationToken enough)
    {
        using var visitor = LoopbackHttp.CreateClient();
        var pages = new ConcurrentBag<double>();
        await OpenLoop.RunAsync(VisitorsPerSecond, LookAsync, enough);
        return [.. pages];

        async Task LookAsync()
        {
            var watch = Stopwatch.StartNew();
            using var answer = await visitor.GetAsync(site, CancellationToken.None);
            answer.EnsureSuccessStatusCode();
            pages.Add(watch.Elapsed.TotalMilliseconds);
        }
    }

    /// <summary>What this process starts from now on runs there, as it does itself.</summary>
    private static async Task KeepToAsync(string processors, CancellationToken ct) =>
        await Command.RunAsync("taskset", ["-acp", processors, Environment.ProcessId.ToString(CultureInfo.InvariantCulture)], ct);

    /// <param name="Sent">Bytes.</param>
    /// <param name="Meanwhile">What was measured beside it.</param>
    private sealed record Cloned(double Seconds, long Sent, string Consistency, JsonElement Content, List<double> Meanwhile);
}
