using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CloneHub.Dev.WordPress;
using CloneHub.Testing;

namespace CloneHub.EndToEnd.Tests;

/// <summary>The API as a client sees it.</summary>
internal sealed class CloneApi(HostProcess host)
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly HttpClient _client = host.Client;

    /// <param name="address">Address to ask for, where it is not the site's own.</param>
    public Task<string> RequestAsync(SourceSite source, string? password = null, string? idempotencyKey = null, Uri? address = null) => RequestAsync(
        new { source_url = address ?? source.Url, source_username = source.AdminUser, source_password = password ?? source.AdminPassword, ttl_minutes = 30 }, idempotencyKey);

    public async Task<string> RequestAsync(object wish, string? idempotencyKey = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("api/v2/clone", UriKind.Relative)) { Content = JsonContent.Create(wish) };
        if (idempotencyKey is not null) request.Headers.Add("Idempotency-Key", idempotencyKey);
        using var answer = await _client.SendAsync(request);
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.Accepted, $"{answer.StatusCode}: {body}");
        return JsonDocument.Parse(body).RootElement.GetProperty("job_id").GetString()!;
    }

    public Task<JsonElement> StatusAsync(string job) =>
        _client.GetFromJsonAsync<JsonElement>(new Uri($"api/v2/job-status/{job}", UriKind.Relative));

    /// <summary>Waits for a status; a job that fails instead is shown.</summary>
    public async Task<JsonElement> WaitAsync(string job, string status, TimeSpan? patience = null)
    {
        JsonElement last = default;
        await Eventually.Until(
            $"{job} is {status}",
            async () =>
            {
                last = await StatusAsync(job);
                var now = last.GetProperty("status").GetString();
                if (now != status && now is ("failed" or "cancelled")) Assert.Fail($"Expected {status}: {last}\n{Clues(job)}");
                return now == status;
            },
            patience ?? Patience);
        return last;
    }

    /// <summary>Waits until the job waits for its owner, and tells what for.</summary>
    public async Task<JsonElement> WaitForActionAsync(string job)
    {
        JsonElement action = default;
        await Eventually.Until($"{job} waits for its owner", async () => (await StatusAsync(job)).TryGetProperty("action_required", out action), Patience);
        return action;
    }

    public async Task RemoveAsync(string job)
    {
        using var answer = await _client.DeleteAsync(new Uri($"api/v2/jobs/{job}", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
    }

    public async Task WaitUntilRemovedAsync(string job) => await Eventually.Until(
        $"{job} is removed",
        async () =>
        {
            var status = await StatusAsync(job);
            return status.GetProperty("status").GetString() is "cancelled"
                || (status.TryGetProperty("result", out var result) && result.TryGetProperty("removed_at", out _));
        },
        Patience);

    /// <summary>What the Host and the clone's PHP said, for whoever has to find out why.</summary>
    private string Clues(string job)
    {
        var key = job["job-".Length..];
        var lines = Directory.GetFiles(host.State.FullName, "*.log", SearchOption.AllDirectories)
            .SelectMany(log => File.ReadAllLines(log).Where(line => log.Contains(key, StringComparison.Ordinal) || line.Contains(key, StringComparison.Ordinal)).Select(line => $"{log}: {line}"));
        return string.Join('\n', lines.Concat(host.Output.Split('\n').Where(line => line.Contains(job, StringComparison.Ordinal)).TakeLast(15)));
    }
}
