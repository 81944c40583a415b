using CloneHub.Testing;

namespace CloneHub.EndToEnd.Tests;

/// <summary>
/// The Host is killed with SIGKILL at each boundary between two steps and inside each step, and started again. Every accepted job must end
/// as if nothing had been, once, and leave nothing.
/// </summary>
[Trait("Needs", "servers")]
[Collection("faults")]
public sealed class KillTests(SourceSiteFixture fixture) : IClassFixture<SourceSiteFixture>
{
    private static readonly string[] WhileBuilding =
    [
        "clone_requested", "started.v1", "step CreateDatabase started", "database_ready.v1", "step StartPod started", "pod_ready.v1",
        "step ImportContent started", "content_imported.v1", "step ActivatePlugin started", "plugin_activated.v1", "step OpenIngress started", "ingress_ready.v1",
    ];

    private static readonly string[] WhileRemoving = ["cancel_requested.v1", "step Remove started", "removed.v1"];

    [Fact]
    public async Task A_host_killed_at_any_point_loses_and_doubles_nothing()
    {
        await using var host = await HostProcess.StartAsync(fixture.Servers);
        var api = new CloneApi(host);
        var traces = new Traces(host, fixture.Servers);

        var jobs = new List<string>();
        foreach (var point in WhileBuilding)
        {
            var job = await api.RequestAsync(fixture.Site);
            await KillAtAsync(host, job, point);
            jobs.Add(job);
        }

        foreach (var job in jobs)
        {
            await api.WaitAsync(job, "completed");
            await AssertOnceAsync(host, job);
            Assert.Single(Traces.Masters(job));
        }

        foreach (var (job, point) in jobs.Zip(WhileRemoving))
        {
            await api.RemoveAsync(job);
            await KillAtAsync(host, job, point);
        }

        foreach (var job in jobs) await api.RemoveAsync(job);
        foreach (var job in jobs)
        {
            await api.WaitUntilRemovedAsync(job);
            await AssertOnceAsync(host, job);
            Assert.Empty(await traces.OfCloneAsync(job));
        }

        Assert.Empty(await Traces.OnSourceAsync(fixture.Site));
    }

    /// <summary>Inside the long step, at several places of its progress.</summary>
    [Fact]
    public async Task A_host_killed_while_it_copies_goes_on_and_its_progress_never_falls()
    {
        await using var host = await HostProcess.StartAsync(fixture.Servers);
        var api = new CloneApi(host);
        var job = await api.RequestAsync(fixture.Site);
        var highest = 0;
        for (var kill = 0; kill < 3; kill++)
        {
            await Eventually.Until("content is being copied", async () => (await ProgressAsync()) >= 30 && Starts() > kill, CloneApi.Patience);
            Assert.True(highest < 90, $"Kill {kill + 1} would come after the copy.");
            await host.KillAsync();
            await host.StartAsync();
        }

        await Eventually.Until("the clone serves", async () => await ProgressAsync() == 100, CloneApi.Patience);
        await AssertOnceAsync(host, job);

        int Starts() => host.LinesWith($"Job {job}: step ImportContent started");

        async Task<int> ProgressAsync()
        {
            var status = await api.StatusAsync(job);
            Assert.NotEqual("failed", status.GetProperty("status").GetString());
            var progress = status.GetProperty("progress").GetInt32();
            Assert.True(progress >= highest, $"Progress fell from {highest} to {progress}.");
            return highest = progress;
        }
    }

    private static async Task KillAtAsync(HostProcess host, string job, string point)
    {
        // An accepted job needs no log line: its 202 is the moment.
        if (point != "clone_requested")
            await Eventually.Until($"{job}: {point}", () => host.LinesWith($"Job {job}: {point}") > 0, CloneApi.Patience);
        await host.KillAsync();
        await host.StartAsync();
    }

    internal static async Task AssertOnceAsync(HostProcess host, string job)
    {
        await Eventually.Until($"{job} is archived", async () => (await Traces.HistoryAsync(host.PostgreSql, job)).Count > 0);
        var history = await Traces.HistoryAsync(host.PostgreSql, job);

        Assert.Equal(Enumerable.Range(1, history.Count).Select(n => (long)n), history.Select(e => e.Version));
        var stages = history.Select(e => e.Name).Where(name => !name.StartsWith("step_", StringComparison.Ordinal)).ToList();
        Assert.Equal(stages.Distinct(), stages);
    }
}
