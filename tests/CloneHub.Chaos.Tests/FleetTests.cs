using CloneHub.Testing;
using Xunit.Abstractions;

namespace CloneHub.Chaos.Tests;

/// <summary>Three core nodes and two workers, all of them the real program but for what steps do.</summary>
public sealed class FleetStage : IAsyncLifetime
{
    public const int Slots = 6;

    internal LedgerFleet Nodes { get; private set; } = null!;

    public async Task InitializeAsync() => Nodes = await LedgerFleet.StartAsync(nodes: 5, Slots, coreWorks: false, new Progress<string>(), CancellationToken.None, withLines: true);

    public async Task DisposeAsync() => await Nodes.DisposeAsync();
}

/// <summary>What workers are for, and what becomes of jobs when one goes. A test leaves all nodes running.</summary>
[Trait("Needs", "servers")]
[Collection("chaos")]
[Trait("Takes", "minutes")]
public sealed class FleetTests(FleetStage stage, ITestOutputHelper output) : IClassFixture<FleetStage>
{
    private const int AtOnce = 16;

    /// <summary>What starts needs the processors too.</summary>
    private const int Few = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Nodes_that_are_workers_alone_do_the_steps_and_when_one_is_killed_its_jobs_go_on_at_the_other()
    {
        using var enough = new CancellationTokenSource();
        var visitors = new Visitors(stage.Nodes.Front);
        var visits = visitors.RunAsync(AtOnce, enough.Token);
        await Eventually.Until("each worker builds what it can", async () => await QueueAsync("building") == 2 * FleetStage.Slots, Patience);
        Assert.Equal((2, 2 * FleetStage.Slots), (await QueueAsync("workers"), await QueueAsync("slots")));

        var killed = stage.Nodes.Fleet.Nodes[^1];
        await killed.EndAsync("KILL", CancellationToken.None);
        await Eventually.Until("its slots are gone", async () => await QueueAsync("slots") == FleetStage.Slots, Patience);
        var lost = await LostAsync();
        Assert.NotEmpty(lost);
        await enough.CancelAsync();
        await visits;

        await AssertNothingIsLostAsync(visitors);
        await killed.StartAsync(CancellationToken.None);
        await Eventually.Until("both work again", async () => await QueueAsync("workers") == 2, Patience);
        output.WriteLine($"{visitors.Jobs.Count} jobs, of which {visitors.Served} serve; {lost.Count} lost a step with the worker.");
    }

    [Fact]
    public async Task All_core_nodes_are_exchanged_one_after_the_other_and_nobody_who_asks_or_looks_notices()
    {
        using var enough = new CancellationTokenSource();
        var visitors = new Visitors(stage.Nodes.Front);
        var visits = visitors.RunAsync(Few, enough.Token);
        await Eventually.Until("jobs are built", async () => await QueueAsync("building") > 0, Patience);

        // The queue and a third of the jobs move with each.
        foreach (var (at, node) in stage.Nodes.Fleet.Core.Index())
        {
            var started = TimeProvider.System.GetTimestamp();
            await node.EndAsync("TERM", CancellationToken.None);
            var ended = TimeProvider.System.GetElapsedTime(started);
            await node.StartAsync(CancellationToken.None);
            await node.AwaitReadyAsync(CancellationToken.None);
            output.WriteLine($"Node {at + 1} ended in {ended.TotalSeconds:0.0} s and was back after {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0.0} s.");
        }

        await enough.CancelAsync();
        await visits;

        await AssertNothingIsLostAsync(visitors);
        output.WriteLine($"{visitors.Jobs.Count} jobs, of which {visitors.Served} serve; {visitors.Answers} answers, of which {visitors.Laters} said to come back later.");
    }

    /// <summary>The first of the seed nodes would be let found a cluster beside the others'.</summary>
    [Fact]
    public async Task A_node_that_starts_while_it_is_cut_off_waits_for_the_others()
    {
        var (fleet, first) = (stage.Nodes.Fleet, stage.Nodes.Fleet.Nodes[0]);
        await first.EndAsync("TERM", CancellationToken.None);
        fleet.CutOff(0);
        await first.StartAsync(CancellationToken.None);
        await Eventually.Until("it says that it waits", async () => await SaidAsync(first, "founds no cluster of its own") > 0, Patience);
        Assert.Equal(2, await QueueAsync("workers"));
        fleet.Network.HealAll();

        await first.AwaitReadyAsync(CancellationToken.None);

        Assert.Equal(1, (await Task.WhenAll(fleet.Nodes.Select(node => SaidAsync(node, "this node founds one")))).Sum());
        using var answer = await first.Client.GetAsync(new Uri("queue", UriKind.Relative));
        Assert.True(answer.IsSuccessStatusCode, $"It answers {answer.StatusCode} after the queue.");
    }

    private static async Task<int> SaidAsync(NodeProcess node, string text)
    {
        // The node goes on writing.
        using var reader = new StreamReader(new FileStream(node.LogFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return (await reader.ReadToEndAsync()).Split('\n').Count(line => line.Contains(text, StringComparison.Ordinal));
    }

    private async Task AssertNothingIsLostAsync(Visitors visitors)
    {
        Assert.Empty(visitors.Wrongs);
        Assert.True(visitors.Served > AtOnce, $"Only {visitors.Served} clones came to serve.");
        await Eventually.Until("the event log has every job", async () => visitors.Jobs.All((await HistoryAsync()).ContainsKey), Patience);
        Assert.DoesNotContain(stage.Nodes.Fleet.Nodes, node => node.HasEndedByItself);
    }

    private async Task<IReadOnlyList<string>> LostAsync()
    {
        IReadOnlyList<string> lost = [];
        await Eventually.Until(
            "steps were lost with the worker",
            async () => (lost = [.. (await HistoryAsync()).Where(job => job.Value.Named("step_failed.v1").Any(e => e.Body.GetRawText().Contains("WORKER_LOST", StringComparison.Ordinal))).Select(job => job.Key)]).Count > 0,
            Patience);
        return lost;
    }

    private Task<int?> QueueAsync(string figure) => stage.Nodes.QueueAsync(figure, CancellationToken.None);

    private Task<IReadOnlyDictionary<string, IReadOnlyList<StoredEvent>>> HistoryAsync() => History.ReadAsync(stage.Nodes.Servers.PostgreSqlConnectionString);
}
