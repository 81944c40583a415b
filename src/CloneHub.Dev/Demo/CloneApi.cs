using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using CloneHub.Dev.WordPress;

namespace CloneHub.Dev.Demo;

/// <summary>The public API, as any client would use it.</summary>
internal sealed class CloneApi(HttpClient client)
{
    private const int MostAttempts = 10;
    private static readonly JsonSerializerOptions Wire = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
    private readonly string _idempotencyKey = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    public Task<JobAnswer> RequestAsync(SourceSite source, CancellationToken ct)
    {
        var order = new CloneOrderBody(source.Url.AbsoluteUri, source.AdminUser, source.AdminPassword, "demo", 60);
        return SendAsync(HttpMethod.Post, "api/v2/clone", JsonContent.Create(order, options: Wire), ct);
    }

    /// <summary>Has the site get the clone's content, whatever it has earned since; or only tells what that would change.</summary>
    public Task<JobAnswer> RestoreAsync(JobAnswer clone, SourceSite site, bool dryRun, CancellationToken ct)
    {
        var order = new RestoreOrderBody(clone.JobId, site.Url.AbsoluteUri, site.AdminUser, site.AdminPassword, "overwrite", dryRun);
        return SendAsync(HttpMethod.Post, "api/v2/restore", JsonContent.Create(order, options: Wire), ct, dryRun ? "-plan" : "-restore");
    }

    public Task<JobAnswer> RollBackAsync(JobAnswer restore, CancellationToken ct) => SendAsync(HttpMethod.Post, $"api/v2/jobs/{restore.JobId}/rollback", null, ct);

    public Task<JobAnswer> AskAsync(JobAnswer job, CancellationToken ct) => SendAsync(HttpMethod.Get, job.StatusUrl, null, ct);

    public Task<JobAnswer> RemoveAsync(JobAnswer job, CancellationToken ct) => SendAsync(HttpMethod.Delete, $"api/v2/jobs/{job.JobId}", null, ct);

    /// <summary>Asks until the job is as wanted, and tells every change of words or number on the way.</summary>
    public async Task<JobAnswer> FollowAsync(JobAnswer job, Func<JobAnswer, bool> isThere, Action<JobAnswer> onChange, TimeSpan patience, CancellationToken ct)
    {
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        var last = job;
        while (true)
        {
            var now = await AskAsync(job, ct);
            if (now.Message != last.Message || now.Progress != last.Progress)
                onChange(now);
            if (isThere(now))
                return now;
            if (clock.GetElapsedTime(started) > patience)
                throw new SetUpException(string.Create(CultureInfo.InvariantCulture, $"{job.JobId} is still \"{now.Message}\" ({now.Status}) after {patience.TotalSeconds:0} s."));
            last = now;
            await Task.Delay(TimeSpan.FromMilliseconds(150), clock, ct);
        }
    }

    private async Task<JobAnswer> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken ct, string keyed = "")
    {
        using var answer = await SendPatientlyAsync(method, path, content, keyed, ct);
        var body = await answer.Content.ReadAsStringAsync(ct);
        if (!answer.IsSuccessStatusCode)
            throw new SetUpException($"{method} {path} was answered with {(int)answer.StatusCode}:\n{body}");
        return JsonSerializer.Deserialize<JobAnswer>(body, Wire) ?? throw new SetUpException($"{method} {path} was answered with an empty body.");
    }

    /// <summary>503 comes with the time after which to ask again; everything asked here may be asked twice.</summary>
    private async Task<HttpResponseMessage> SendPatientlyAsync(HttpMethod method, string path, HttpContent? content, string keyed, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var request = new HttpRequestMessage(method, new Uri(path, UriKind.RelativeOrAbsolute)) { Content = content };
            request.Headers.Add("Idempotency-Key", _idempotencyKey + keyed);
            var answer = await client.SendAsync(request, ct);
            if (answer.StatusCode != HttpStatusCode.ServiceUnavailable || attempt == MostAttempts)
                return answer;
            var pause = answer.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(1);
            answer.Dispose();
            await Task.Delay(pause, TimeProvider.System, ct);
        }
    }

    private sealed record RestoreOrderBody(string SourceJobId, string TargetUrl, string TargetUsername, string TargetPassword, string OnDrift, bool DryRun);

    private sealed record CloneOrderBody(string SourceUrl, string SourceUsername, string SourcePassword, string CustomerId, int TtlMinutes);
}

internal sealed record JobAnswer(string JobId, string Status, int Progress, string Message, string StatusUrl, CloneAnswer? Result, TroubleAnswer? Error, RestoreAnswer? Restore = null)
{
    public bool IsOver => Status is "completed" or "failed" or "cancelled";
}

internal sealed record CloneAnswer(Uri CloneUrl, string Username, string Password, DateTimeOffset? ExpiresAt, DateTimeOffset? RemovedAt);

internal sealed record TroubleAnswer(string Code, string Message, string? Hint, string? Step);

internal sealed record RestoreAnswer(PlanAnswer? Plan, long? HeldMilliseconds, DateTimeOffset? RolledBackAt);

internal sealed record PlanAnswer(IReadOnlyList<TableAnswer> Tables, FilesAnswer Files, IReadOnlyList<JsonElement> Plugins, IReadOnlyList<DriftAnswer> Drift);

internal sealed record TableAnswer(string Name, bool Stays);

internal sealed record FilesAnswer(int Added, int Changed);

internal sealed record DriftAnswer(string Table, string Kind, bool Stays);
