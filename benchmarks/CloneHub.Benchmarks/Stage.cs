using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using CloneHub.Dev;
using CloneHub.Dev.Host;
using CloneHub.Dev.Servers;
using CloneHub.Dev.WordPress;

namespace CloneHub.Benchmarks;

/// <summary>
/// What is measured: a release build of the Host as a process of its own, with durable servers (fsync before every answer), one source
/// site with real content, and a client in this process over loopback.
/// </summary>
internal sealed class Stage : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly Installation _installation;

    private Stage(Installation installation, SourceSite source, HttpClient client) => (_installation, Source, Client) = (installation, source, client);

    public SourceSite Source { get; }

    public HttpClient Client { get; }

    public int HostPid => _installation.Host!.Pid;

    public static async Task<Stage> StartAsync(CancellationToken ct)
    {
        var progress = new Progress<string>(Console.Error.WriteLine);
        var installation = Installation.Open(Repository.Path(".clonehub", "bench"), progress);
        await installation.StartServersAsync(ServerKinds.All, ct);
        var templates = Installation.Cache(progress).CreateSubdirectory("sites");
        await SourceSite.StopAllAsync(installation.Servers.State, ct);
        var options = new SourceSiteOptions { Name = "bench", Content = SiteContent.Demo };
        var source = await SourceSite.StartAsync(installation.Servers, installation.Core, templates, options, progress, ct);
        // The client is one caller among many: the limit that protects the service from one caller is not what is measured.
        Environment.SetEnvironmentVariable("CloneHub__RateLimit__ClonesPerMinute", "1000000");
        var host = await installation.StartHostAsync(ct);
        return new Stage(installation, source, LoopbackHttp.CreateClient(host.Address));
    }

    public Task<string> RequestAsync(CancellationToken ct) => RequestAsync(Source.Url, ct);

    public async Task<string> RequestAsync(Uri source, CancellationToken ct, Uri? callback = null)
    {
        using var body = JsonContent.Create(new { source_url = source, source_username = Source.AdminUser, source_password = Source.AdminPassword, callback_url = callback });
        using var answer = await Client.PostAsync(new Uri("api/v2/clone", UriKind.Relative), body, ct);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(ct)).GetProperty("job_id").GetString()!;
    }

    public Task<JsonElement> StatusAsync(string job, CancellationToken ct) =>
        Client.GetFromJsonAsync<JsonElement>(new Uri($"api/v2/job-status/{job}", UriKind.Relative), ct);

    public async Task WaitUntilListedAsync(string job, CancellationToken ct)
    {
        while (!(await Client.GetStringAsync(new Uri("api/v2/jobs?limit=1", UriKind.Relative), ct)).Contains(job, StringComparison.Ordinal)) ct.ThrowIfCancellationRequested();
    }

    public async Task WaitUntilServingAsync(string job, CancellationToken ct)
    {
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        while (true)
        {
            var status = await StatusAsync(job, ct);
            switch (status.GetProperty("status").GetString())
            {
                case "completed":
                    return;
                case "failed" or "cancelled":
                    throw new InvalidOperationException($"{job} did not complete: {status}");
            }

            if (clock.GetElapsedTime(started) > Patience)
                throw new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"{job} does not serve after {Patience.TotalSeconds:0} s: {status}"));
            await Task.Delay(TimeSpan.FromMilliseconds(25), clock, ct);
        }
    }

    public async Task RemoveAsync(IEnumerable<string> jobs, CancellationToken ct)
    {
        var all = jobs.ToList();
        foreach (var job in all) (await Client.DeleteAsync(new Uri($"api/v2/jobs/{job}", UriKind.Relative), ct)).Dispose();
        foreach (var job in all)
        {
            while (!IsOver(await StatusAsync(job, ct))) await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, ct);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Source.DisposeAsync();
        await _installation.DisposeAsync();
    }

    private static bool IsOver(JsonElement status) =>
        status.GetProperty("status").GetString() is "cancelled" or "failed" || (status.TryGetProperty("result", out var result) && result.TryGetProperty("removed_at", out _));
}
