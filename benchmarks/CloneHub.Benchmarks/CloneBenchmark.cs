using System.Globalization;
using System.Text.Json;
using CloneHub.Dev.WordPress;

namespace CloneHub.Benchmarks;

/// <summary>
/// How long one clone takes, alone on the machine: from sending the POST to reading "completed". Before each one the floor is measured, and where its time
/// goes is told by step and part.
/// </summary>
/// <param name="isWarm">Every round begins when an instance of the pool is ready.</param>
internal sealed class CloneBenchmark(Stage stage, Report report, bool isWarm)
{
    private const string OnDemand = "on_demand";

    /// <summary>The demo site, five times.</summary>
    public async Task RunSmallAsync(CancellationToken ct)
    {
        await using var floor = await Floor.OpenAsync(stage, stage.Source, ct);
        await RunAsync(stage.Source, floor, "S", media: null, rounds: 5, ct);
    }

    /// <summary>A larger site, three times, and three times with media that come later.</summary>
    public async Task RunAsync(SiteContent content, CancellationToken ct)
    {
        await using var source = await stage.StartSourceAsync(content, ct);
        await using var floor = await Floor.OpenAsync(stage, source, ct);
        var name = content.ToString()[..1];
        await RunAsync(source, floor, name, media: null, rounds: 3, ct);
        await RunAsync(source, floor, $"{name}, media on demand", OnDemand, rounds: 3, ct);
    }

    private async Task RunAsync(SourceSite source, Floor floor, string site, string? media, int rounds, CancellationToken ct)
    {
        var what = $"clone of {site}{(isWarm ? " with a warm instance" : "")}";
        var all = new List<Round>();
        while (all.Count < rounds)
        {
            if (isWarm) await stage.WaitForPoolAsync(ct);
            var round = await RoundAsync(source, floor, media, ct);
            if (all.Count == 0) report.Row(what, $"{Size(round.Content)}");
            if (round.Later is { } later && (all.Count == 0 || later.GetProperty("state").GetString() != "complete")) report.Row("media that came later", $"{later}");
            all.Add(round);
        }

        report.Row($"{what}, first of these", $"{all[0].Seconds:0.00} s");
        report.Row($"{what}, median of {rounds}", $"{Median(round => round.Seconds):0.00} s (all: {All(round => round.Seconds)})");
        if (media is not null) report.Row("until all media are there and compared", $"{Median(round => round.Whole):0.00} s (all: {All(round => round.Whole)})");
        report.Row("its steps, median of each", $"{Each(round => round.Steps)}");
        report.Row("parts of its steps, side by side and within each other, median of each", $"{Each(round => round.Parts)}");
        report.Row("the floor: mariadb-dump into mariadb; tar into tar; both at once", $"{Median(round => round.Floor.Database):0.00} s; {Median(round => round.Floor.Files):0.00} s; {Median(round => round.Floor.Both):0.00} s");
        report.Row("tables beside that floor, which rewrites and compares nothing", $"{Median(round => round.Parts["copy tables"] / round.Floor.Database):0.0}");
        if (media is null) report.Row("files beside that floor, which compares nothing", $"{Median(round => round.Parts["copy files"] / round.Floor.Files):0.0}");
        if (media is null) report.Row("both, which run at once, beside both at once", $"{Median(round => Math.Max(round.Parts["copy tables"], round.Parts["copy files"]) / round.Floor.Both):0.0}");
        report.Row("reading back what was copied, beside the whole clone", $"{Median(round => 100 * (round.Parts["check files"] + round.Parts["check tables"]) / round.Seconds):0} %");

        double Median(Func<Round, double> figure) => Statistics.Percentile([.. all.Select(figure)], 50);

        string All(Func<Round, double> figure) => string.Join(", ", all.Select(round => figure(round).ToString("0.00", CultureInfo.InvariantCulture)));

        string Each(Func<Round, IReadOnlyDictionary<string, double>> figures) => string.Join(
            ", ", figures(all[0]).Keys.Select(name => string.Create(CultureInfo.InvariantCulture, $"{name} {Median(round => figures(round).GetValueOrDefault(name)):0.00} s")));
    }

    private async Task<Round> RoundAsync(SourceSite source, Floor floor, string? media, CancellationToken ct)
    {
        var least = await floor.MeasureAsync(ct);
        var before = await stage.PartsAsync(ct);
        var started = TimeProvider.System.GetTimestamp();
        var job = await stage.RequestAsync(source, ct, media);
        var status = await stage.WaitUntilServingAsync(job, ct);
        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        var parts = (await stage.PartsAsync(ct)).ToDictionary(part => part.Key, part => part.Value - before.GetValueOrDefault(part.Key), StringComparer.Ordinal);
        JsonElement? later = media is null ? null : await stage.WaitForMediaAsync(job, ct);
        var whole = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        await stage.RemoveAsync([job], ct);
        var steps = (await stage.StepsAsync(job, ct)).Where(step => step.Step != "remove").GroupBy(step => step.Step).ToDictionary(step => step.Key, step => step.Sum(one => one.Seconds), StringComparer.Ordinal);
        return new Round(seconds, whole, steps, parts, least, status.GetProperty("result").GetProperty("content"), later);
    }

    /// <summary>What was copied.</summary>
    public static string Size(JsonElement content) => string.Create(
        CultureInfo.InvariantCulture,
        $"{content.GetProperty("files").GetInt64():#,0} files, {content.GetProperty("bytes").GetInt64() / 1e6:0} MB; {content.GetProperty("tables").GetInt64()} tables, {content.GetProperty("rows").GetInt64():#,0} rows");

    /// <param name="Seconds">Until it serves.</param>
    /// <param name="Whole">Until its media are there as well.</param>
    private sealed record Round(
        double Seconds, double Whole, IReadOnlyDictionary<string, double> Steps, IReadOnlyDictionary<string, double> Parts, FloorSeconds Floor, JsonElement Content, JsonElement? Later);
}
