using CloneHub.Jobs.Queue;
using Xunit.Abstractions;

namespace CloneHub.Jobs.Tests.Queue;

/// <summary>What fairness is worth to the one who asks for little.</summary>
public sealed class FairnessTests(ITestOutputHelper output)
{
    /// <summary>A clone that is asked for while somebody floods the queue is there in at most twice the time it takes on an idle CloneHub.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_small_tenant_waits_at_most_twice_as_long_while_another_floods(int seed)
    {
        var idle = new Flood(seed, new QueueRules()).Run(floodDepth: 0);
        var flooded = new Flood(seed, new QueueRules()).Run(floodDepth: 500);

        output.WriteLine($"p95 until the clone serves: {idle.Clone:0.0} s idle, {flooded.Clone:0.0} s flooded; for a slot: {flooded.Slot:0.0} s flooded.");
        Assert.Equal(0, idle.Slot);
        Assert.InRange(idle.Clone, 20, 40);
        Assert.InRange(flooded.Clone, idle.Clone, 2 * idle.Clone);
        Assert.InRange(flooded.Slot, 1, 40);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public void One_slot_that_the_flood_may_not_have_spares_the_small_tenant_the_wait(int seed) =>
        Assert.Equal(0, new Flood(seed, new QueueRules { BuildingOfTenant = 3 }).Run(floodDepth: 500).Slot);

    [Fact]
    public void A_queue_in_order_of_acceptance_alone_would_fail_this()
    {
        // As if the flood and the small tenant were one.
        var rules = new QueueRules { Weights = new Dictionary<string, int> { ["big"] = 100 } };

        Assert.True(new Flood(6, rules).Run(floodDepth: 500).Clone > 3 * new Flood(6, rules).Run(floodDepth: 0).Clone);
    }
}
