using System.Text;
using CloneHub.Dev.WordPress;
using CloneHub.Provisioning.WordPress.Rewriting;

namespace CloneHub.Benchmarks;

/// <summary>How fast addresses are rewritten: all text of two sites' databases, value by value, in memory, by one thread.</summary>
internal static class RewriteBenchmark
{
    private const double LeastMegabytes = 250;
    private static readonly TimeSpan Warming = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(5);

    public static async Task RunAsync(Stage stage, Report report, CancellationToken ct)
    {
        await MeasureAsync("S", stage.Source, report, ct);
        await using var medium = await stage.StartSourceAsync(SiteContent.Medium, ct);
        await MeasureAsync("M", medium, report, ct);
    }

    private static async Task MeasureAsync(string site, SourceSite source, Report report, CancellationToken ct)
    {
        var values = await ValuesAsync(source, ct);
        var rewriter = new ContentRewriter(new RewriteMap().Url(source.Url, new Uri("http://c-0123456789ab.localhost:5080/")).Path(source.Root.FullName, "/srv/clones/c-0123456789ab/www"));
        var size = values.Sum(value => (long)value.Length);
        var holding = values.Where(value => rewriter.Rewrite(value) is not null).ToList();
        report.Row(
            $"text of {site}", $"{values.Count:#,0} values, {size / 1e6:0.0} MB, of which {holding.Count:#,0} of {holding.Sum(value => (long)value.Length) / 1e6:0.0} MB hold addresses");
        Measure(rewriter, values, Warming);
        var speed = Measure(rewriter, values, Length);
        report.Row($"rewriting of {site}, one thread", $"{speed:0} MB/s; only what holds addresses: {Measure(rewriter, holding, Length):0} MB/s");
        report.Row("must", $"{LeastMegabytes:0} MB/s: {(speed >= LeastMegabytes ? "reached" : "missed")}");
    }

    /// <returns>Millions of bytes of source text in a second.</returns>
    private static double Measure(ContentRewriter rewriter, List<byte[]> values, TimeSpan length)
    {
        var started = TimeProvider.System.GetTimestamp();
        long done = 0;
        while (TimeProvider.System.GetElapsedTime(started) < length)
        {
            foreach (var value in values)
            {
                rewriter.Rewrite(value);
                done += value.Length;
            }
        }

        return done / 1e6 / TimeProvider.System.GetElapsedTime(started).TotalSeconds;
    }

    private static async Task<List<byte[]>> ValuesAsync(SourceSite source, CancellationToken ct)
    {
        var columns = await source.QueryAsync(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND data_type IN ('char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext')", ct);
        var values = new List<byte[]>();
        foreach (var column in columns)
            values.AddRange((await source.QueryAsync($"SELECT `{column[1]}` FROM `{column[0]}` WHERE `{column[1]}` <> ''", ct)).Select(row => Encoding.UTF8.GetBytes(row[0]!)));
        return values;
    }
}
