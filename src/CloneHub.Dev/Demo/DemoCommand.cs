using System.Globalization;
using CloneHub.Dev.Host;
using CloneHub.Dev.Kube;
using CloneHub.Dev.Servers;
using CloneHub.Dev.WordPress;

namespace CloneHub.Dev.Demo;

/// <param name="Once">Removes the clone and ends.</param>
/// <param name="Kube">The clone lives in a cluster.</param>
/// <param name="Restore">What is worked in the clone is brought to the site, and undone.</param>
internal sealed record DemoOptions(bool Once, bool Kube, bool Restore = false);

/// <summary>From nothing to a clone one can log in to, through the public API.</summary>
internal static class DemoCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public static async Task<int> RunAsync(string stateDirectory, DemoOptions options, Screen screen, CancellationToken ct)
    {
        await using var installation = Installation.Open(stateDirectory, screen);
        await installation.StartServersAsync(ServerKinds.MariaDb, ct);
        await using var cluster = options.Kube ? await DemoCluster.OpenAsync(installation, screen, ct) : null;
        await using var source = await StartSourceAsync(installation, cluster, screen, ct);
        screen.Report($"The site to be cloned: {source.Url} (user {source.AdminUser}, password {source.AdminPassword})");
        cluster?.Serve(installation);
        var host = await installation.StartHostAsync(ct);
        using var client = LoopbackHttp.CreateClient(host.Address);
        var api = new CloneApi(client);

        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        var job = await api.RequestAsync(source, ct);
        screen.Report($"POST {host.Address}api/v2/clone was accepted as {job.JobId}.");
        job = await screen.FollowAsync(show => api.FollowAsync(job, answer => answer.IsOver, show, Patience, ct));
        if (job.Status != "completed" || job.Result is not { } clone)
            return Failed(screen, job, host);

        screen.Report(string.Create(CultureInfo.InvariantCulture, $"The clone was ready after {clock.GetElapsedTime(started).TotalSeconds:0.0} s."));
        var faults = await CloneCheck.FindFaultsAsync(source, clone, ct);
        foreach (var fault in faults)
            screen.Trouble(fault);
        if (faults.Count == 0)
            screen.Success("Checked: same title as the source, no address of the source left, log-in to wp-admin works.");
        screen.Credentials(clone);
        var isRestored = !options.Restore || await RestoreShow.RunAsync(api, job, clone, source, screen, ct);

        if (options.Once)
            return await RemoveAsync(api, job, clone, screen, ct) && faults.Count == 0 && isRestored ? 0 : 1;
        screen.Report("All of it runs until you press Ctrl-C.");
        await host.WatchAsync(ct);
        return 0;
    }

    private static async Task<SourceSite> StartSourceAsync(Installation installation, DemoCluster? cluster, Screen screen, CancellationToken ct)
    {
        await SourceSite.StopAllAsync(installation.Servers.State, ct);
        var templates = Installation.Cache(screen).CreateSubdirectory("sites");
        var options = new SourceSiteOptions { Name = "demo", Content = SiteContent.Demo };
        if (cluster is not null)
            options = options with { Address = cluster.HostAddress.ToString() };
        var source = await SourceSite.StartAsync(installation.Servers, installation.Core, templates, options, screen, ct);
        cluster?.Lead(source.Url.Port);
        return source;
    }

    private static async Task<bool> RemoveAsync(CloneApi api, JobAnswer job, CloneAnswer clone, Screen screen, CancellationToken ct)
    {
        screen.Report("Removing the clone.");
        await api.RemoveAsync(job, ct);
        await api.FollowAsync(job, answer => answer.Result?.RemovedAt is not null, _ => { }, Patience, ct);
        var gone = await CloneCheck.IsGoneAsync(clone.CloneUrl, ct);
        if (gone)
            screen.Success("The clone was removed; its address answers no more.");
        else
            screen.Trouble($"{clone.CloneUrl} still answers though the clone was removed.");
        return gone;
    }

    private static int Failed(Screen screen, JobAnswer job, HostRun host)
    {
        screen.Trouble(job.Error is { } error ? $"{error.Code} in {error.Step}: {error.Message} {error.Hint}" : $"The job is {job.Status}: {job.Message}");
        screen.Report($"CloneHub's log is {host.LogFile}.");
        return 1;
    }
}
