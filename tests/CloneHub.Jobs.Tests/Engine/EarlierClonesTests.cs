using CloneHub.Jobs.Journal;

namespace CloneHub.Jobs.Tests.Engine;

/// <summary>A new clone takes the place of the tenant's earlier ones of the same label, and of no other.</summary>
public sealed class EarlierClonesTests(Stores stores) : JobKit(stores, stores.NewCorner())
{
    private static readonly RequestClone Replacing = new(Given.Source, "acme", "shop", Given.Ttl, "f1", Replaces: true);

    [Fact]
    public async Task Earlier_clones_of_the_label_go_once_the_new_one_serves()
    {
        var earlier = await JobInAsync(Stage.Serving);
        var waiting = await JobInAsync(Stage.Requested);
        var other = await JobInAsync(Stage.Serving, Replacing with { CustomerId = "blog", Replaces = false });
        var stranger = await JobInAsync(Stage.Serving, Replacing with { Tenant = "other", Replaces = false });
        Clock.Advance(TimeSpan.FromSeconds(1));

        var job = await JobInAsync(Stage.PluginActivated, Replacing);
        Assert.Equal(Stage.Serving, (await StateAsync(earlier)).Job.Stage);
        Report(Ordered());

        await ReachesAsync(earlier, Stage.Removing);
        await ToldAsync(job, $"EarlierReplaced {earlier}");
        Assert.Equal(Stage.Serving, (await StateAsync(job)).Job.Stage);
        Assert.Equal(Stage.Requested, (await StateAsync(waiting)).Job.Stage);
        Assert.Equal((Stage.Serving, Stage.Serving), ((await StateAsync(other)).Job.Stage, (await StateAsync(stranger)).Job.Stage));
    }

    [Fact]
    public async Task A_crash_before_the_earlier_ones_were_asked_asks_them_afterwards()
    {
        var earlier = await JobInAsync(Stage.Serving);
        Clock.Advance(TimeSpan.FromSeconds(1));
        var job = Histories.NewJob();
        await WriteJournalAsync(job, Histories.Until(Stage.Serving, Replacing, Clock.GetUtcNow()));

        Wake(job);

        await ReachesAsync(earlier, Stage.Removing);
        await ToldAsync(job, $"EarlierReplaced {earlier}");
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(0)]
    public async Task Of_two_that_replace_each_other_the_later_accepted_stays_though_it_serves_first(int milliseconds)
    {
        var first = await JobInAsync(Stage.PluginActivated, Replacing);
        var slow = Ordered();
        Clock.Advance(TimeSpan.FromMilliseconds(milliseconds));
        var second = await JobInAsync(Stage.PluginActivated, Replacing);
        var fast = Ordered();

        // In one millisecond the greater id counts as the later one.
        if (milliseconds == 0 && string.CompareOrdinal(first.Value, second.Value) > 0) (first, slow, second, fast) = (second, fast, first, slow);
        Report(fast);
        await ToldAsync(second, "EarlierReplaced ");
        Report(slow);

        await ReachesAsync(first, Stage.Removing);
        await ToldAsync(first, "EarlierReplaced ");
        Assert.Equal(Stage.Serving, (await StateAsync(second)).Job.Stage);
    }

    private Task ReachesAsync(Contracts.JobId job, Stage stage) =>
        Testing.Eventually.Until($"{job} is {stage}", async () => (await StateAsync(job)).Job.Stage == stage, Patience);

    private Task ToldAsync(Contracts.JobId job, string what) => Testing.Eventually.Until(
        $"{job} has {what}",
        async () => (await JournalAsync(job)).Any(r => r.Event is EarlierReplaced e && $"EarlierReplaced {string.Join(' ', e.Jobs)}" == what),
        Patience);
}
