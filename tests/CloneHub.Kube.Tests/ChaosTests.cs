using System.Globalization;
using System.Net;
using System.Text.Json;
using CloneHub.Dev;
using CloneHub.Dev.WordPress;
using CloneHub.Kube.Tests.Cluster;
using CloneHub.Provisioning.Agent;
using CloneHub.Testing;
using Xunit.Abstractions;

namespace CloneHub.Kube.Tests;

/// <summary>Many clones, while the Host and the servers of the node are killed again and again.</summary>
[Collection(KubeCluster.Collection)]
[Trait("Needs", "kube")]
public sealed class ChaosTests(KubeCluster cluster, ITestOutputHelper output)
{
    /// <summary>The shortest that can be asked for.</summary>
    private const int TtlMinutes = 5;

    /// <summary>How late what is over may be gone.</summary>
    private static readonly TimeSpan Promised = TimeSpan.FromSeconds(60);

    private static readonly string[] Servers = ["kubelet", "kube-apiserver", "etcd"];

    private static readonly StormSettings Settings = StormSettings.FromEnvironment();

    private readonly Random _chance = new(Settings.Seed);
    private readonly Dictionary<string, TimeSpan> _served = [];
    private readonly Dictionary<string, TimeSpan> _removed = [];
    private readonly long _started = TimeProvider.System.GetTimestamp();
    private IReadOnlyDictionary<string, JsonElement> _jobs = new Dictionary<string, JsonElement>();

    private static TimeSpan Patience => TimeSpan.FromMinutes(10) + (Settings.Clones * TimeSpan.FromSeconds(10));

    [NodeFact]
    [Trait("Takes", "long")]
    public async Task Of_many_clones_nothing_is_left_a_minute_after_their_time_whatever_is_killed()
    {
        Say($"seed {Settings.Seed}, {Settings.Clones} clones, {Settings.Kills} kills{(Settings.IsStub ? ", pods without WordPress" : "")}");
        (string, string)[] changes = [("CloneHub__Slots", "6"), ("CloneHub__Queue__MaxPods", "16"), ("CloneHub__Pool__Size", "1"), ("CloneHub__Pool__MaxSize", "3")];
        await using var stage = Settings.IsStub ? await HostStage.StartStubAsync(cluster, changes) : await HostStage.StartAsync(cluster, SiteContent.Tiny, changes);
        for (var i = 0; i < Settings.Clones; i++) await stage.RequestAsync(TtlMinutes);
        Say($"all are accepted");

        // By how far the work has come, and not by the clock: a slow machine is struck as often as a quick one.
        foreach (var struck in Enumerable.Range(0, Settings.Kills).Select(_ => _chance.Next(Settings.Clones * 100)).Order())
        {
            await UntilAsync(stage, $"the work is at {struck} of {Settings.Clones * 100}", () => _jobs.Values.Sum(Done) >= struck, Patience);
            await StrikeAsync(stage);
        }

        await UntilAsync(stage, "every job is over or serves", () => _jobs.Count == Settings.Clones && _jobs.Values.All(job => Done(job) == 100 && IsSettled(job)), Patience);
        AssertServed();
        var last = _jobs.Values.Max(EndOf);
        await UntilAsync(stage, "half of those that stay are gone", () => _jobs.Values.Count(IsThere) <= Settings.Staying / 2, TimeSpan.FromMinutes(TtlMinutes + 2));
        foreach (var _ in Servers) await StrikeAsync(stage);
        await AssertNothingIsLeftAsync(stage, last);
    }

    /// <summary>Whatever said that it was completed did serve; few have failed, and say why.</summary>
    private void AssertServed()
    {
        var failed = _jobs.Values.Where(job => Status(job) == "failed").Select(job => job.GetProperty("error").GetProperty("code").GetString()).ToList();
        Say($"{_served.Count} of {Settings.Clones} served, {failed.Count} failed ({string.Join(", ", failed)})");
        Assert.Equal(_jobs.Where(job => Status(job.Value) == "completed").Select(job => job.Key).Order(StringComparer.Ordinal), _served.Keys.Order(StringComparer.Ordinal));
        Assert.InRange(failed.Count, 0, Settings.MostFailed);
    }

    private async Task AssertNothingIsLeftAsync(HostStage stage, DateTimeOffset last)
    {
        await UntilAsync(stage, "all are gone", () => _jobs.Values.All(job => Status(job) == "failed" || !IsThere(job)), TimeSpan.FromMinutes(TtlMinutes + 2));
        var late = _jobs.Values.Where(job => IsExpired(job)).Select(job => Time(job, "removed_at")!.Value - Time(job, "expires_at")!.Value).ToList();
        foreach (var (id, asked) in _removed.Where(job => IsExpired(_jobs[job.Key]))) Say($"{id} was to be removed at {asked.TotalSeconds:0} s and stayed to its end: {_jobs[id]}");
        if (late.Count != Settings.Staying) Assert.Fail($"{late.Count} instead of {Settings.Staying} stayed to their end.\n{stage.Host.Output}");
        Say($"{late.Count} were gone {late.Min().TotalSeconds:0.0} to {late.Max().TotalSeconds:0.0} s after their time");
        Assert.All(late, after => Assert.InRange(after, TimeSpan.Zero, Promised));

        await Eventually.Until("the last of them is over", () => TimeProvider.System.GetUtcNow() > last, TimeSpan.FromMinutes(TtlMinutes + 1));
        await GoneAsync("nothing but the pool is left", stage.LeftAsync);
        Say($"nothing is left {(TimeProvider.System.GetUtcNow() - last).TotalSeconds:0.0} s after the last one's time");
        Assert.Empty(stage.ConnectorsOnSource());
        await stage.Host.RestartAsync(("CloneHub__Pool__Size", "0"), ("CloneHub__Cleanup__OrphanAge", "00:00:05"), ("CloneHub__Cleanup__SweepInterval", "00:00:01"));
        await GoneAsync("the pool that was switched off is gone", stage.EverythingAsync);
    }

    private static async Task GoneAsync(string what, Func<Task<IReadOnlyList<string>>> left)
    {
        IReadOnlyList<string> there = [];
        try
        {
            await Eventually.Until(what, async () => (there = await left()).Count == 0, Promised);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{late.Message}; there is still {string.Join(", ", there)}", late);
        }
    }

    private async Task StrikeAsync(HostStage stage)
    {
        var struck = _chance.Next(Servers.Length + 2);
        Say($"kills {(struck < Servers.Length ? Servers[struck] : "the Host")}");
        if (struck < Servers.Length)
        {
            await cluster.Node.KillAsync(Servers[struck], default);
            await StartMissingAsync();
            return;
        }

        await stage.Host.KillAsync();
        await stage.Host.StartAsync();
    }

    /// <summary>Whether a server comes up at the first try is not what is asked here.</summary>
    private async Task StartMissingAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await cluster.Node.StartMissingAsync(default);
                return;
            }
            catch (SetUpException trouble) when (attempt < 4)
            {
                Say($"it does not start: {trouble.Message.Split('\n')[0]}");
            }
        }
    }

    /// <summary>Looks at all jobs each second, and does what their owners do: visit what serves, remove what is not to stay.</summary>
    private async Task UntilAsync(HostStage stage, string what, Func<bool> condition, TimeSpan patience)
    {
        var started = TimeProvider.System.GetTimestamp();
        using var pace = new PeriodicTimer(TimeSpan.FromSeconds(1), TimeProvider.System);
        for (var look = 0; ; look++)
        {
            _jobs = await stage.JobsAsync();
            foreach (var (id, job) in _jobs.Where(job => Status(job.Value) == "completed" && !_served.ContainsKey(job.Key))) await VisitAsync(stage, id, job);
            if (look % 20 == 0) Say($"{_jobs.Values.GroupBy(job => Status(job)).Aggregate("", (all, group) => $"{all}{group.Count()} {group.Key}, ")}{_jobs.Values.Count(IsThere)} there");
            if (condition()) return;
            if (TimeProvider.System.GetElapsedTime(started) > patience) throw new TimeoutException($"Awaited in vain for {patience.TotalMinutes:0} minutes: {what}\n{stage.Host.Output}");
            await pace.WaitForNextTickAsync();
        }
    }

    private async Task VisitAsync(HostStage stage, string id, JsonElement job)
    {
        using var visitor = HostStage.Visitor(job.GetProperty("result"));
        await Eventually.Until($"{id}, which is completed, serves", async () => await AnswersAsync(visitor, await stage.InstanceOfAsync(id)), Promised);
        _served[id] = TimeProvider.System.GetElapsedTime(_started);
        if (_served.Count > Settings.Clones - Settings.Staying) return;
        await stage.RemoveAsync(id);
        _removed[id] = TimeProvider.System.GetElapsedTime(_started);
    }

    private static async Task<bool> AnswersAsync(HttpClient visitor, string instance)
    {
        try
        {
            using var ready = await visitor.GetAsync(new Uri(CloneImage.ReadyPath, UriKind.Relative));
            using var home = await visitor.GetAsync(new Uri("", UriKind.Relative));
            return home.StatusCode == HttpStatusCode.OK && (await ready.Content.ReadAsStringAsync()).Trim() == instance;
        }
        catch (HttpRequestException)
        {
            // Whoever leads there was told of it a moment later.
            return false;
        }
    }

    private void Say(FormattableString what)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetElapsedTime(_started).TotalSeconds,6:0} s  {what.ToString(CultureInfo.InvariantCulture)}");
        output.WriteLine(line);
        if (Settings.Progress is { } file) File.AppendAllText(file, line + "\n");
    }

    private static int Done(JsonElement job) => Status(job) == "failed" ? 100 : job.GetProperty("progress").GetInt32();

    private static bool IsSettled(JsonElement job) => Status(job) is "completed" or "failed";

    private static string? Status(JsonElement job) => job.GetProperty("status").GetString();

    private static bool IsThere(JsonElement job) => Status(job) == "completed" && Time(job, "removed_at") is null;

    /// <summary>It was not its owner who ended it.</summary>
    private static bool IsExpired(JsonElement job) => Time(job, "removed_at") is { } removed && Time(job, "expires_at") is { } expires && removed >= expires;

    /// <summary>When nothing of it may be left: of what failed some is kept for as long as the clone was to serve.</summary>
    private static DateTimeOffset EndOf(JsonElement job) =>
        Time(job, "expires_at") ?? job.GetProperty("completed_at").GetDateTimeOffset() + TimeSpan.FromMinutes(TtlMinutes);

    private static DateTimeOffset? Time(JsonElement job, string name) =>
        job.TryGetProperty("result", out var result) && result.ValueKind == JsonValueKind.Object && result.TryGetProperty(name, out var time) && time.ValueKind == JsonValueKind.String
            ? time.GetDateTimeOffset() : null;
}
