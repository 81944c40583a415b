using System.Globalization;
using System.Text.Json;
using CloneHub.Dev.Processes;

namespace CloneHub.Benchmarks.Engine;

/// <param name="PerSecond">Calls that were answered as they should be.</param>
/// <param name="P50">Milliseconds.</param>
/// <param name="P99">Milliseconds.</param>
/// <param name="Failed">Calls that were answered otherwise or not at all.</param>
internal sealed record Load(double PerSecond, double P50, double P99, long Failed);

/// <summary>wrk: a load generator in a process of its own, the same for all who are measured. Each client sends its next call once the last one is answered.</summary>
internal static class Wrk
{
    /// <summary>In wrk's own Lua; what it has counted comes as one line of JSON.</summary>
    private const string Summary =
        """

        function done(summary, latency)
            local e = summary.errors
            io.write(string.format('SUMMARY {"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"failed":%d}\n', summary.requests, summary.duration,
                latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
        end
        """;

    public static Task<Load> GetAsync(Uri address, int clients, TimeSpan time, DirectoryInfo folder, CancellationToken ct) => RunAsync(address, "wrk.method = \"GET\"", clients, time, folder, ct);

    public static Task<Load> PostAsync(Uri address, string body, int clients, TimeSpan time, DirectoryInfo folder, CancellationToken ct) => RunAsync(
        address,
        $"""
        wrk.method = "POST"
        wrk.headers["Content-Type"] = "application/json"
        wrk.body = [[{body}]]
        """,
        clients, time, folder, ct);

    private static async Task<Load> RunAsync(Uri address, string request, int clients, TimeSpan time, DirectoryInfo folder, CancellationToken ct)
    {
        var script = Path.Combine(folder.FullName, string.Create(CultureInfo.InvariantCulture, $"wrk-{clients}-{Guid.NewGuid():N}.lua"));
        await File.WriteAllTextAsync(script, request + Summary, ct);
        string[] arguments =
        [
            "-t1", string.Create(CultureInfo.InvariantCulture, $"-c{clients}"), string.Create(CultureInfo.InvariantCulture, $"-d{time.TotalSeconds:0}s"), "--timeout", "10s", "-s", script, address.AbsoluteUri,
        ];
        var output = await Command.RunAsync("wrk", arguments, ct);
        File.Delete(script);
        var line = output.Split('\n').Single(l => l.StartsWith("SUMMARY ", StringComparison.Ordinal));
        var found = JsonElement.Parse(line["SUMMARY ".Length..]);
        var (requests, failed) = (found.GetProperty("requests").GetInt64(), found.GetProperty("failed").GetInt64());
        return new Load((requests - failed) / (found.GetProperty("microseconds").GetDouble() / 1e6), found.GetProperty("p50").GetDouble() / 1000, found.GetProperty("p99").GetDouble() / 1000, failed);
    }
}
