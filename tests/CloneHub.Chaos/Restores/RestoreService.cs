using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CloneHub.Dev.Host;
using CloneHub.Dev.Servers;
using CloneHub.Dev.WordPress;
using CloneHub.Testing;

namespace CloneHub.Chaos.Restores;

/// <summary>The service that is killed, a clone that was worked in, and the jobs that bring its content to the site.</summary>
internal sealed class RestoreService : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(100);
    private readonly HostProcess _host;
    private readonly PrivateServers _servers;
    private readonly SourceSite _site;
    private string _clone = "";

    private RestoreService(HostProcess host, PrivateServers servers, SourceSite site) => (_host, _servers, _site) = (host, servers, site);

    public static async Task<RestoreService> OpenAsync(PrivateServers servers, DirectoryInfo core, SourceSite site, CancellationToken ct)
    {
        var settings = new Dictionary<string, string> { ["CloneHub__RateLimit__ClonesPerMinute"] = "1000000" };
        var host = await HostProcess.StartAsync(servers, core.Parent!, servers.State.CreateSubdirectory("host"), settings);
        var service = new RestoreService(host, servers, site);
        try
        {
            await service.CloneAsync(ct);
            return service;
        }
        catch
        {
            await service.DisposeAsync();
            throw;
        }
    }

    public Task KillAsync() => _host.KillAsync();

    public Task StartAsync() => _host.StartAsync();

    /// <summary>Has the clone's content brought to the site.</summary>
    /// <returns>The job.</returns>
    public async Task<string> RestoreAsync(CancellationToken ct)
    {
        var order = new { source_job_id = _clone, target_url = _site.Url, target_username = _site.AdminUser, target_password = _site.AdminPassword };
        string? job = null;
        await Eventually.Until("the restore is accepted", async () => (job = await PostAsync("api/v2/restore", order, ct)) is not null, Patience);
        return job!;
    }

    /// <summary>Has it undone.</summary>
    public Task RollBackAsync(string job, CancellationToken ct) =>
        Eventually.Until("the rollback is accepted", async () => await PostAsync($"api/v2/jobs/{job}/rollback", null, ct) is not null, Patience);

    /// <summary>What the job says once it is so; the service may be away meanwhile.</summary>
    public async Task<JsonElement> UntilAsync(string job, Predicate<JsonElement> isSo, CancellationToken ct)
    {
        var started = TimeProvider.System.GetTimestamp();
        JsonElement? last = null;
        while (TimeProvider.System.GetElapsedTime(started) < Patience)
        {
            last = await StatusAsync(job, ct) ?? last;
            if (last is { } status && isSo(status)) return status;
            await Task.Delay(BetweenLooks, TimeProvider.System, ct);
        }

        throw new TimeoutException($"{job} did not come to its end within {Patience.TotalMinutes:0} minutes: {last}");
    }

    public static bool IsOver(JsonElement status) => status.GetProperty("status").GetString() is "completed" or "failed" or "cancelled";

    /// <summary>It is undone, or will not be.</summary>
    public static bool IsReturned(JsonElement status) => status.GetProperty("restore").TryGetProperty("rolled_back_at", out _) || status.GetProperty("status").GetString() is "failed";

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    /// <summary>Null while nobody answers.</summary>
    public async Task<JsonElement?> StatusAsync(string job, CancellationToken ct)
    {
        try
        {
            using var answer = await _host.Client.GetAsync(new Uri($"api/v2/job-status/{job}", UriKind.Relative), ct);
            return answer.IsSuccessStatusCode ? await answer.Content.ReadFromJsonAsync<JsonElement>(ct) : null;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException || (e is TaskCanceledException && !ct.IsCancellationRequested))
        {
            return null;
        }
    }

    /// <returns>The job's number; null if nothing was accepted yet.</returns>
    private async Task<string?> PostAsync(string path, object? body, CancellationToken ct)
    {
        try
        {
            using var content = body is null ? null : JsonContent.Create(body);
            using var answer = await _host.Client.PostAsync(new Uri(path, UriKind.Relative), content, ct);
            return answer.StatusCode == HttpStatusCode.Accepted ? (await answer.Content.ReadFromJsonAsync<JsonElement>(ct)).GetProperty("job_id").GetString() : null;
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is TaskCanceledException && !ct.IsCancellationRequested))
        {
            return null;
        }
    }

    private async Task CloneAsync(CancellationToken ct)
    {
        await CloneEdits.SettleAsync(_site, ct);
        var order = new { source_url = _site.Url, source_username = _site.AdminUser, source_password = _site.AdminPassword, ttl_minutes = 1440 };
        _clone = await PostAsync("api/v2/clone", order, ct) ?? throw new InvalidOperationException("The clone was not accepted.");
        var clone = await UntilAsync(_clone, IsOver, ct);
        if (clone.GetProperty("status").GetString() != "completed") throw new InvalidOperationException($"The clone failed: {clone}");
        await CloneEdits.MakeAsync(_servers, _host.State, _clone, ct);
    }
}
