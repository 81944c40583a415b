using CloneHub.Contracts;
using CloneHub.Provisioning.Pool;
using FsCheck.Xunit;

namespace CloneHub.Provisioning.Tests.Pool;

public sealed class PoolPlanTests
{
    private static readonly PoolRules Two = new(Size: 2, MaxSize: 6, AtOnce: 3, WhileBusy: true);
    private static readonly QueueReading Quiet = new(Waiting: 0, Building: 0, Slots: 4, Clones: 0, ClonesLimit: null);

    [Fact]
    public void A_quiet_queue_has_the_size_of_the_settings() => Assert.Equal(new PoolPlan(2, Make: 2, Remove: 0), PoolPlan.Of(Two, Quiet, ready: 0, starting: 0));

    [Fact]
    public void Every_job_that_waits_adds_one_up_to_the_ceiling()
    {
        Assert.Equal(5, PoolPlan.Of(Two, Quiet with { Waiting = 3 }, 0, 0).Wanted);
        Assert.Equal(6, PoolPlan.Of(Two, Quiet with { Waiting = 300 }, 0, 0).Wanted);
    }

    [Fact]
    public void What_is_being_made_counts() => Assert.Equal(1, PoolPlan.Of(Two, Quiet with { Waiting = 9 }, ready: 1, starting: 2).Make);

    [Fact]
    public void When_the_queue_is_short_again_the_pool_shrinks_one_by_one() => Assert.Equal(new PoolPlan(2, 0, Remove: 1), PoolPlan.Of(Two, Quiet, ready: 6, starting: 0));

    [Fact]
    public void What_does_not_fit_under_the_ceiling_of_clones_goes_at_once() =>
        Assert.Equal(new PoolPlan(1, 0, Remove: 3), PoolPlan.Of(Two, Quiet with { Clones = 5, ClonesLimit = 10 }, ready: 3, starting: 1));

    [Fact]
    public void Where_jobs_and_instances_share_a_machine_jobs_come_first()
    {
        var rules = Two with { WhileBusy = false };
        Assert.Equal(0, PoolPlan.Of(rules, Quiet with { Building = 1 }, 0, 0).Make);
        Assert.Equal(0, PoolPlan.Of(rules, Quiet with { Waiting = 1 }, 0, 0).Make);
        Assert.Equal(2, PoolPlan.Of(rules, Quiet, 0, 0).Make);
    }

    [Fact]
    public void A_pool_of_size_0_makes_nothing_for_the_longest_queue() =>
        Assert.Equal(new PoolPlan(0, 0, 0), PoolPlan.Of(Two with { Size = 0 }, Quiet with { Waiting = 300 }, 0, 0));

    [Property(MaxTest = 500)]
    public void It_never_makes_and_removes_and_never_passes_a_ceiling(byte size, byte more, byte atOnce, bool whileBusy, byte waiting, byte building, byte clones, byte ready, byte starting)
    {
        var rules = new PoolRules(size % 20, (size % 20) + (more % 20), 1 + (atOnce % 9), whileBusy);
        var queue = new QueueReading(waiting, building % 5, 4, clones, clones % 3 == 0 ? null : 150);
        var plan = PoolPlan.Of(rules, queue, ready % 40, starting % 40);
        var there = (ready % 40) + (starting % 40);

        Assert.True(plan.Make == 0 || plan.Remove == 0);
        Assert.InRange(plan.Make, 0, rules.AtOnce);
        Assert.InRange(plan.Remove, 0, there);
        Assert.InRange(plan.Wanted, 0, rules.MaxSize);
        if (plan.Make > 0) Assert.True(there + plan.Make <= plan.Wanted);
        Assert.True(there - plan.Remove <= rules.MaxSize);
    }

    /// <summary>Grants take ready instances first; every other job needs a pod of its own at once.</summary>
    [Property(MaxTest = 300)]
    public void Whatever_begins_and_ends_between_two_looks_all_pods_stay_under_the_ceiling(byte size, byte[] script)
    {
        const int Limit = 12;
        const int Slots = 4;
        var rules = new PoolRules(1 + (size % 8), 8, 2, WhileBusy: true);
        var (ready, starting, waiting, building, serving) = (0, 0, 0, 0, 0);
        foreach (var order in script)
        {
            if (order % 5 == 0) waiting += order % 7;
            if (order % 11 == 0) serving = 0;
            if (order % 2 == 0) (building, serving) = (0, serving + building);
            if (order % 3 == 0) (ready, starting) = (ready + starting, 0);
            for (var n = order % (Slots + 1); n > 0 && waiting > 0 && building < Slots && building + serving < Limit; n--)
            {
                (waiting, building) = (waiting - 1, building + 1);
                if (ready > 0) ready--;
            }

            Assert.True(building + serving + ready + starting <= Limit, "The clones and the pool are more than the ceiling.");
            var plan = PoolPlan.Of(rules, new QueueReading(waiting, building, Slots, building + serving, Limit), ready, starting);
            var fromStarting = Math.Min(plan.Remove, starting);
            (starting, ready) = (starting - fromStarting + plan.Make, ready - (plan.Remove - fromStarting));
        }
    }

    [Property(MaxTest = 200)]
    public void A_pool_that_is_looked_after_comes_to_its_size(byte size, byte waiting, byte ready)
    {
        var rules = new PoolRules(1 + (size % 9), 12, 2, WhileBusy: true);
        var queue = Quiet with { Waiting = waiting };
        var there = (int)ready;
        for (var look = 0; look < 300; look++)
        {
            var plan = PoolPlan.Of(rules, queue, there, 0);
            there += plan.Make - plan.Remove;
        }

        Assert.Equal(Math.Min(12, rules.Size + waiting), there);
    }
}
