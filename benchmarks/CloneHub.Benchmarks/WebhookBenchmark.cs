using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using CloneHub.Dev.Servers;

namespace CloneHub.Benchmarks;

/// <summary>How long the owner of a job waits for its first call: from the event that ends the job to the call's arrival, by one clock.</summary>
internal static class WebhookBenchmark
{
    private const int Jobs = 200;
    private const int AtOnce = 10;

    public static async Task RunAsync(Stage stage, Report report, CancellationToken ct)
    {
        using var receiver = new HttpListener();
        var address = new Uri($"http://127.0.0.1:{Ports.Free()}/");
        receiver.Prefixes.Add(address.AbsoluteUri);
        receiver.Start();
        var milliseconds = new ConcurrentQueue<double>();
        var receiving = ReceiveAsync(receiver, milliseconds, ct);

        var nowhere = new Uri($"http://127.0.0.1:{Ports.Free()}/");
        await Parallel.ForEachAsync(Enumerable.Range(0, Jobs), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct }, async (_, end) =>
            await stage.RemoveAsync([await stage.RequestAsync(nowhere, end, address)], end));
        await receiving.WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System, ct);

        report.Row(
            $"event to the owner's call, {Jobs} jobs, {AtOnce} at a time",
            $"p50 {Statistics.Percentile(milliseconds, 50):0} ms, p95 {Statistics.Percentile(milliseconds, 95):0} ms, max {milliseconds.Max():0} ms");
    }

    private static async Task ReceiveAsync(HttpListener receiver, ConcurrentQueue<double> milliseconds, CancellationToken ct)
    {
        while (milliseconds.Count < Jobs)
        {
            var call = await receiver.GetContextAsync().WaitAsync(ct);
            var arrived = TimeProvider.System.GetUtcNow();
            var body = await JsonSerializer.DeserializeAsync<JsonElement>(call.Request.InputStream, cancellationToken: ct);
            milliseconds.Enqueue((arrived - body.GetProperty("timestamp").GetDateTimeOffset()).TotalMilliseconds);
            call.Response.StatusCode = (int)HttpStatusCode.NoContent;
            call.Response.Close();
        }
    }
}
