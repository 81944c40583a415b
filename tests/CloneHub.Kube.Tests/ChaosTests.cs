using System.Globalization;
using System.Text.Json;
using CloneHub.Kube.Tests.Cluster;
using CloneHub.Testing;
using Xunit.Abstractions;

namespace CloneHub.Kube.Tests;

/// <summary>Twenty clones, while the Host and the node's kubelet are killed again and again.</summary>
[Collection(KubeCluster.Collection)]
[Trait("Needs", "kube")]
public sealed class ChaosTests(KubeCluster cluster, ITestOutputHelper output)
{
    private const int Clones = 20;
    private const int Kills = 8;

    /// <summary>The shortest that can be asked for.</summary>
    private const int TtlMinutes = 5;

    /// <summary>A kubelet that dies takes the agents' connections with it; a step may fail twice before its job does.</summary>
    private const int MostFailed = 3;

    private static readonly TimeSpan Promised = TimeSpan.FromSeconds(60);

    [NodeFact]
    public async Task Of_twenty_clones_nothing_is_left_a_minute_after_their_time_whatever_is_killed()
    {
        var seed = Environment.TickCount;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {seed}"));
        var chance = new Random(seed);
        await using var stage = await HostStage.StartAsync(cluster, changes: ("CloneHub__Slots", "6"));
        var jobs = new List<string>();
        for (var i = 0; i < Clones; i++) jobs.Add(await stage.RequestAsync(TtlMinutes));

        // By how far the work has come, and not by the clock: a slow machine is struck as often as a quick one.
        foreach (var struck in Enumerable.Range(0, Kills).Select(_ => chance.Next(Clones * 100)).Order())
        {
            await Eventually.Until($"the work is at {struck} of {Clones * 100}", async () => (await AllAsync(stage, jobs)).Sum(Done) >= struck, TimeSpan.FromMinutes(4));
            await StrikeAsync(stage, chance);
        }

        await Eventually.Until("every job serves or has failed", async () => (await AllAsync(stage, jobs)).All(job => Status(job) is "completed" or "failed"), TimeSpan.FromMinutes(4));
        var built = await AllAsync(stage, jobs);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{built.Count(job => Status(job) == "completed")} of {Clones} completed; {Kills} kills"));
        Assert.InRange(built.Count(job => Status(job) == "failed"), 0, MostFailed);
        Assert.NotEmpty(await stage.LeftAsync(jobs));

        // Two more while they go.
        await Eventually.Until("the first clone is gone", async () => (await AllAsync(stage, jobs)).Any(IsRemoved), TimeSpan.FromMinutes(TtlMinutes + 1));
        await StrikeAsync(stage, chance);
        await StrikeAsync(stage, chance);
        await Eventually.Until("all that served are gone", async () => (await AllAsync(stage, jobs)).All(job => Status(job) == "failed" || IsRemoved(job)), TimeSpan.FromMinutes(TtlMinutes + 1));
        Assert.All((await AllAsync(stage, jobs)).Where(IsRemoved), job => Assert.InRange(Time(job, "removed_at") - Time(job, "expires_at"), TimeSpan.Zero, Promised));
        await Eventually.Until("nothing of any of them is left", async () => (await stage.LeftAsync(jobs)).Count == 0, TimeSpan.FromMinutes(TtlMinutes + 1));
        Assert.Empty(stage.ConnectorsOnSource());
    }

    private async Task StrikeAsync(HostStage stage, Random chance)
    {
        if (chance.Next(2) == 0)
        {
            await stage.Host.KillAsync();
            await stage.Host.StartAsync();
            return;
        }

        await cluster.Node.KillAsync("kubelet", default);
        await cluster.Node.StartMissingAsync(default);
    }

    private static async Task<IReadOnlyList<JsonElement>> AllAsync(HostStage stage, IReadOnlyList<string> jobs) => await Task.WhenAll(jobs.Select(stage.StatusAsync));

    private static int Done(JsonElement job) => Status(job) == "failed" ? 100 : job.GetProperty("progress").GetInt32();

    private static string? Status(JsonElement job) => job.GetProperty("status").GetString();

    private static bool IsRemoved(JsonElement job) =>
        job.GetProperty("result") is { ValueKind: JsonValueKind.Object } result && result.TryGetProperty("removed_at", out var time) && time.ValueKind == JsonValueKind.String;

    private static DateTimeOffset Time(JsonElement job, string name) => job.GetProperty("result").GetProperty(name).GetDateTimeOffset();
}
