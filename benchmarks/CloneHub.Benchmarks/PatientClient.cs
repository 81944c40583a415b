using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CloneHub.Dev.WordPress;

namespace CloneHub.Benchmarks;

/// <param name="Code">Why it failed; null if it completed.</param>
internal sealed record SoakedJob(string Id, double Seconds, string? Code, string? Step, string? Message);

/// <summary>A client that does what the API asks of clients: a call that is answered by 503 is sent again, a request for a clone under the same Idempotency-Key.</summary>
internal sealed class PatientClient(HttpClient client)
{
    private const string Unfinished = "UNFINISHED";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(6);
    private int _repeats;

    /// <summary>Calls that had to be sent again.</summary>
    public int Repeats => _repeats;

    /// <summary>Has a clone made and, once that is completed or failed, removed. What the API should not answer is a failure too.</summary>
    public async Task<SoakedJob> RunJobAsync(SourceSite source, CancellationToken ct)
    {
        var job = new SoakedJob("", 0, Unfinished, null, null);
        var started = TimeProvider.System.GetTimestamp();
        try
        {
            job = job with { Id = await RequestAsync(source, ct) };
            var status = await UntilAsync(job.Id, now => now.GetProperty("status").GetString() is "completed" or "failed", ct);
            var isCompleted = status.GetProperty("status").GetString() == "completed";
            var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
            await SendAsync(() => new HttpRequestMessage(HttpMethod.Delete, Api($"jobs/{job.Id}")), ct);
            if (isCompleted) await UntilAsync(job.Id, now => now.GetProperty("result").TryGetProperty("removed_at", out _), ct);
            return isCompleted ? job with { Seconds = seconds, Code = null } : Failed(job, status.GetProperty("error"));
        }
        catch (Exception trouble) when (trouble is HttpRequestException or TimeoutException)
        {
            // One bad answer must not end the run that is to count them.
            return job with { Message = trouble.Message };
        }
    }

    private static SoakedJob Failed(SoakedJob job, JsonElement error) => job with
    {
        Code = error.GetProperty("code").GetString(),
        Step = error.TryGetProperty("step", out var step) ? step.GetString() : null,
        Message = error.GetProperty("message").GetString(),
    };

    private async Task<string> RequestAsync(SourceSite source, CancellationToken ct)
    {
        var key = Guid.NewGuid().ToString("N");
        var order = new { source_url = source.Url, source_username = source.AdminUser, source_password = source.AdminPassword };
        var job = await SendAsync(() => new HttpRequestMessage(HttpMethod.Post, Api("clone")) { Content = JsonContent.Create(order), Headers = { { "Idempotency-Key", key } } }, ct);
        return job.GetProperty("job_id").GetString()!;
    }

    private async Task<JsonElement> UntilAsync(string job, Func<JsonElement, bool> isThere, CancellationToken ct)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var status = await SendAsync(() => new HttpRequestMessage(HttpMethod.Get, Api($"job-status/{job}")), ct);
            if (isThere(status)) return status;
            if (TimeProvider.System.GetElapsedTime(started) > Patience) throw new TimeoutException($"{job} is not as it should be: {status}");
            await Task.Delay(Pause, TimeProvider.System, ct);
        }
    }

    private async Task<JsonElement> SendAsync(Func<HttpRequestMessage> call, CancellationToken ct)
    {
        while (true)
        {
            using var request = call();
            using var answer = await client.SendAsync(request, ct);
            if (answer.StatusCode != HttpStatusCode.ServiceUnavailable)
            {
                answer.EnsureSuccessStatusCode();
                return await answer.Content.ReadFromJsonAsync<JsonElement>(ct);
            }

            Interlocked.Increment(ref _repeats);
            await Task.Delay(answer.Headers.RetryAfter?.Delta ?? Pause, TimeProvider.System, ct);
        }
    }

    private static Uri Api(string path) => new($"api/v2/{path}", UriKind.Relative);
}
