using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using CloneHub.Dev;
using CloneHub.Dev.Host;
using CloneHub.Dev.Processes;
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
    private readonly bool _isBorrowed;

    private Stage(Installation installation, SourceSite source, HttpClient client, bool isBorrowed) =>
        (_installation, Source, Client, _isBorrowed) = (installation, source, client, isBorrowed);

    public PrivateServers Servers => _installation.Servers;

    /// <summary>Where the clones are, for whoever looks at them from outside.</summary>
    public DirectoryInfo State => _installation.State;

    public SourceSite Source { get; }

    public HttpClient Client { get; }

    public int HostPid => _installation.Host!.Pid;

    public static async Task<Stage> StartAsync(CancellationToken ct)
    {
        var progress = new Progress<string>(Console.Error.WriteLine);
        var installation = Installation.Open(Repository.Path(".clonehub", "bench"), progress);
        await installation.StartServersAsync(ServerKinds.All, ct);
        await SourceSite.StopAllAsync(installation.Servers.State, ct);
        var source = await StartSourceAsync(installation.Servers, installation.Core, SiteContent.Demo, ct);
        return await StartAsync(installation, source, isBorrowed: false, ct);
    }

    /// <summary>A Host over servers and a source that somebody else ends.</summary>
    public static Task<Stage> StartAsync(Installation installation, SourceSite source, CancellationToken ct) => StartAsync(installation, source, isBorrowed: true, ct);

    private static async Task<Stage> StartAsync(Installation installation, SourceSite source, bool isBorrowed, CancellationToken ct)
    {
        // The client is one caller among many: the limit that protects the service from one caller is not what is measured.
        Environment.SetEnvironmentVariable("CloneHub__RateLimit__ClonesPerMinute", "1000000");
        var host = await installation.StartHostAsync(ct);
        return new Stage(installation, source, LoopbackHttp.CreateClient(host.Address), isBorrowed);
    }

    /// <summary>Another site to clone; the caller disposes of it.</summary>
    /// <param name="servers">Where its database is, if not beside the clones'.</param>
    /// <param name="php">Settings of its PHP.</param>
    public Task<SourceSite> StartSourceAsync(SiteContent content, CancellationToken ct, PrivateServers? servers = null, IReadOnlyDictionary<string, string>? php = null) =>
        StartSourceAsync(servers ?? Servers, _installation.Core, content, ct, php);

    public Task<string> RequestAsync(CancellationToken ct) => RequestAsync(Source.Url, ct);

    public Task<string> RequestAsync(Uri source, CancellationToken ct, Uri? callback = null) => RequestAsync(Order(Source, source, callback), ct);

    public Task<string> RequestAsync(SourceSite source, CancellationToken ct, string? media = null) => RequestAsync(Order(source, source.Url, null, media), ct);

    /// <summary>How long each step of a job took: from its start to the event after it. The job is over, else the stream would not end.</summary>
    public async Task<IReadOnlyList<(string Step, double Seconds)>> StepsAsync(string job, CancellationToken ct)
    {
        var events = await EventsAsync(job, ct);
        return [.. events.Zip(events.Skip(1)).Where(pair => pair.First.Step is not null).Select(pair => (pair.First.Step!, (pair.Second.At - pair.First.At).TotalSeconds))];
    }

    /// <summary>Seconds that all attempts together have spent in each part of a step so far.</summary>
    public async Task<IReadOnlyDictionary<string, double>> PartsAsync(CancellationToken ct)
    {
        const string figure = "clonehub_part_duration_seconds_sum{";
        var parts = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var line in (await Client.GetStringAsync(new Uri("metrics", UriKind.Relative), ct)).Split('\n').Where(line => line.StartsWith(figure, StringComparison.Ordinal)))
            parts[line.Split("part=\"")[1].Split('"')[0]] = ValueOf(line);
        return parts;
    }

    /// <summary>A line ends with the figure, or with the moment after it.</summary>
    private static double ValueOf(string line) => double.Parse(line[(line.IndexOf('}', StringComparison.Ordinal) + 1)..].Trim().Split(' ')[0], CultureInfo.InvariantCulture);

    /// <summary>Seconds from a job's acceptance to the end of a step. The job is over.</summary>
    public async Task<double> EndOfAsync(string job, string step, CancellationToken ct)
    {
        var events = await EventsAsync(job, ct);
        return (events.Zip(events.Skip(1)).First(pair => pair.First.Step == step).Second.At - events[0].At).TotalSeconds;
    }

    private async Task<IReadOnlyList<(string? Step, DateTimeOffset At)>> EventsAsync(string job, CancellationToken ct)
    {
        const string data = "data: ";
        var stream = await Client.GetStringAsync(new Uri($"api/v2/jobs/{job}/events", UriKind.Relative), ct);
        return
        [
            .. stream.Split('\n').Where(line => line.StartsWith(data, StringComparison.Ordinal)).Select(line => JsonElement.Parse(line[data.Length..])).Where(body => body.TryGetProperty("at", out _))
                .Select(body => (body.TryGetProperty("step", out var step) ? step.GetString() : null, body.GetProperty("at").GetDateTimeOffset())),
        ];
    }

    private async Task<string> RequestAsync(object order, CancellationToken ct)
    {
        using var body = JsonContent.Create(order);
        using var answer = await Client.PostAsync(new Uri("api/v2/clone", UriKind.Relative), body, ct);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(ct)).GetProperty("job_id").GetString()!;
    }

    /// <summary>Has a clone's content brought to its site. What is at work there still is waited for.</summary>
    public Task<string> RestoreAsync(string clone, SourceSite site, CancellationToken ct) => AcceptedAsync(
        "api/v2/restore", new { source_job_id = clone, target_url = site.Url, target_username = site.AdminUser, target_password = site.AdminPassword }, ct);

    /// <summary>Has a restore undone.</summary>
    public Task RollBackAsync(string job, CancellationToken ct) => AcceptedAsync($"api/v2/jobs/{job}/rollback", null, ct);

    private async Task<string> AcceptedAsync(string path, object? order, CancellationToken ct)
    {
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        while (true)
        {
            using var body = order is null ? null : JsonContent.Create(order);
            using var answer = await Client.PostAsync(new Uri(path, UriKind.Relative), body, ct);
            var said = await answer.Content.ReadFromJsonAsync<JsonElement>(ct);
            if (answer.IsSuccessStatusCode) return said.GetProperty("job_id").GetString()!;
            if (clock.GetElapsedTime(started) > Patience) throw new TimeoutException($"Not accepted: {said}");
            await Task.Delay(TimeSpan.FromMilliseconds(100), clock, ct);
        }
    }

    public Task<JsonElement> StatusAsync(string job, CancellationToken ct) =>
        Client.GetFromJsonAsync<JsonElement>(new Uri($"api/v2/job-status/{job}", UriKind.Relative), ct);

    public Task<JsonElement> CertificateAsync(string job, CancellationToken ct) =>
        Client.GetFromJsonAsync<JsonElement>(new Uri($"api/v2/jobs/{job}/certificate", UriKind.Relative), ct);

    public async Task WaitUntilListedAsync(string job, CancellationToken ct)
    {
        while (!(await Client.GetStringAsync(new Uri("api/v2/jobs?limit=1", UriKind.Relative), ct)).Contains(job, StringComparison.Ordinal)) ct.ThrowIfCancellationRequested();
    }

    /// <summary>Kills the Host and starts it again.</summary>
    public async Task RestartHostAsync(CancellationToken ct)
    {
        await Command.RunAsync("kill", ["-KILL", HostPid.ToString(CultureInfo.InvariantCulture)], ct);
        await _installation.Host!.WaitForEndAsync(ct);

        // Its first thread is gone then; the last one closes its sockets.
        while (!Ports.IsFree(Client.BaseAddress!.Port)) await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, ct);
        await _installation.StartHostAsync(ct);
    }

    /// <summary>Waits until so many instances of the warm pool are ready.</summary>
    public async Task WaitForPoolAsync(CancellationToken ct, int size = 1)
    {
        while (!(await Client.GetStringAsync(new Uri("metrics", UriKind.Relative), ct)).Split('\n').Any(IsReady)) await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, ct);

        bool IsReady(string line) =>
            line.StartsWith("clonehub_pool_instances", StringComparison.Ordinal) && line.Contains("state=\"ready\"", StringComparison.Ordinal) && ValueOf(line) >= size;
    }

    /// <returns>The job's status once it serves.</returns>
    public async Task<JsonElement> WaitUntilServingAsync(string job, CancellationToken ct)
    {
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        while (true)
        {
            var status = await StatusAsync(job, ct);
            switch (status.GetProperty("status").GetString())
            {
                case "completed":
                    return status;
                case "failed" or "cancelled":
                    throw new InvalidOperationException($"{job} did not complete: {status}");
            }

            if (clock.GetElapsedTime(started) > Patience)
                throw new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"{job} does not serve after {Patience.TotalSeconds:0} s: {status}"));
            await Task.Delay(TimeSpan.FromMilliseconds(25), clock, ct);
        }
    }

    /// <returns>The media of the job's clone, once none is awaited any more.</returns>
    public async Task<JsonElement> WaitForMediaAsync(string job, CancellationToken ct)
    {
        while (true)
        {
            var media = (await StatusAsync(job, ct)).GetProperty("result").GetProperty("media");
            if (media.GetProperty("state").GetString() != "pending") return media;
            await Task.Delay(TimeSpan.FromMilliseconds(25), TimeProvider.System, ct);
        }
    }

    /// <summary>Removes what a run that was killed has left: its jobs would go on beside this one's.</summary>
    public async Task RemoveLeftAsync(CancellationToken ct)
    {
        foreach (var status in (string[])["pending", "running", "completed"])
        {
            var page = await Client.GetFromJsonAsync<JsonElement>(new Uri($"api/v2/jobs?limit=200&status={status}", UriKind.Relative), ct);
            await RemoveAsync(page.GetProperty("jobs").EnumerateArray().Where(job => !IsOver(job)).Select(job => job.GetProperty("job_id").GetString()!), ct);
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
        if (_isBorrowed) return;
        await Source.DisposeAsync();
        await _installation.DisposeAsync();
    }

    private static object Order(SourceSite site, Uri address, Uri? callback, string? media = null) =>
        new { source_url = address, source_username = site.AdminUser, source_password = site.AdminPassword, callback_url = callback, media };

    private static Task<SourceSite> StartSourceAsync(PrivateServers servers, DirectoryInfo core, SiteContent content, CancellationToken ct, IReadOnlyDictionary<string, string>? php = null)
    {
        var progress = new Progress<string>(Console.Error.WriteLine);
        var options = new SourceSiteOptions { Name = $"bench{content}".ToLowerInvariant(), Content = content, TablePrefix = content is SiteContent.Large ? "wnp_" : "wp_", PhpSettings = php ?? new Dictionary<string, string>() };
        return SourceSite.StartAsync(servers, core, Installation.Cache(progress).CreateSubdirectory("sites"), options, progress, ct);
    }

    private static bool IsOver(JsonElement status) =>
        status.GetProperty("status").GetString() is "cancelled" or "failed" || (status.TryGetProperty("result", out var result) && result.TryGetProperty("removed_at", out _));
}
