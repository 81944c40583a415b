using CloneHub.Contracts;
using CloneHub.Jobs.Queue;

namespace CloneHub.Jobs.Tests.Queue;

/// <summary>The rules of the queue, one at a time.</summary>
public sealed class FairQueueTests
{
    private static readonly TimeSpan Lease = new QueueRules().Lease;

    private readonly Dictionary<JobId, string> _names = [];

    [Fact]
    public void Tenants_take_turns_however_much_one_of_them_wants()
    {
        var queue = NewQueue(new QueueRules(), slots: 1);
        Want(queue, "red 1", "red 2", "red 3", "red 4", "blue 5", "blue 6");

        Assert.Equal("red 1, blue 5, red 2, blue 6, red 3, red 4", Order(queue));
    }

    [Fact]
    public void Who_comes_late_is_next_after_the_turn_that_is_on_and_gets_nothing_for_the_time_it_was_away()
    {
        var queue = NewQueue(new QueueRules(), slots: 1);
        Want(queue, "red 1", "red 2", "red 3", "red 4", "red 5");
        Assert.Equal("red 1, red 2", Order(queue, 2));

        Want(queue, "blue 6", "blue 7", "blue 8");

        Assert.Equal("blue 6, red 3, blue 7, red 4, blue 8, red 5", Order(queue));
    }

    [Fact]
    public void A_tenant_of_weight_two_has_two_turns_for_one()
    {
        var queue = NewQueue(new QueueRules { Weights = new Dictionary<string, int> { ["red"] = 2 } }, slots: 1);
        Want(queue, "blue 1", "blue 2", "blue 3", "red 1", "red 2", "red 3", "red 4");

        Assert.Equal("blue 1, red 1, red 2, blue 2, red 3, red 4, blue 3", Order(queue));
    }

    [Fact]
    public void Interactive_jobs_go_before_bulk_and_every_fifth_turn_is_the_bulks()
    {
        var queue = NewQueue(new QueueRules(), slots: 1);
        Want(queue, JobPriority.Bulk, "mass 1", "mass 2", "mass 3");
        Want(queue, "red 1", "red 2", "red 3", "red 4", "red 5", "red 6");

        Assert.Equal("red 1, red 2, red 3, red 4, mass 1, red 5, red 6, mass 2, mass 3", Order(queue));
    }

    [Fact]
    public void Bulk_that_was_not_there_is_owed_nothing()
    {
        var queue = NewQueue(new QueueRules(), slots: 1);
        Want(queue, "red 1", "red 2", "red 3", "red 4", "red 5", "red 6", "red 7", "red 8", "red 9");
        Assert.Equal("red 1, red 2, red 3, red 4", Order(queue, 4));

        Want(queue, JobPriority.Bulk, "mass 1");

        Assert.Equal("red 5, red 6, red 7, red 8, mass 1, red 9", Order(queue));
    }

    [Fact]
    public void A_tenant_at_its_ceiling_lets_others_pass_and_slots_stay_free_for_nobody_else()
    {
        var queue = NewQueue(new QueueRules { BuildingOfTenant = 2 }, slots: 4);
        Want(queue, "red 1", "red 2", "red 3", "red 4", "blue 5");

        Assert.Equal("red 1, blue 5, red 2", Granted(queue));
        Assert.Equal((2, 2), (queue.Waiting, queue.Capped));

        queue.Release(Id("red 1"));
        Assert.Equal("red 3", Granted(queue));
    }

    [Fact]
    public void Clones_count_from_their_slot_until_nothing_is_left_of_them()
    {
        var queue = NewQueue(new QueueRules { Clones = 3, ClonesOfTenant = 2 }, slots: 10);
        Want(queue, "red 1", "red 2", "red 3", "blue 4", "blue 5");
        Assert.Equal("red 1, blue 4, red 2", Granted(queue));

        queue.Rest(NewTicket("red 1"));
        queue.Release(Id("blue 4"));
        Assert.Equal("blue 5", Granted(queue));

        queue.Release(Id("red 1"));
        Assert.Equal("red 3", Granted(queue));
        Assert.Equal(3, queue.Clones);
    }

    [Fact]
    public void A_restore_makes_no_clone_and_needs_no_room_for_one()
    {
        var queue = NewQueue(new QueueRules { Clones = 1 }, slots: 10);
        Want(queue, "red 1", "red 2");
        queue.Want(NewTicket("red 3") with { MakesClone = false });

        Assert.Equal("red 1", Granted(queue));
        queue.Release(Id("red 2"));
        Assert.Equal("red 3", Granted(queue));
        Assert.Equal(1, queue.Clones);
    }

    [Fact]
    public void Who_rested_and_wants_again_waits_for_its_turn_and_keeps_its_clone()
    {
        var queue = NewQueue(new QueueRules { Clones = 1 }, slots: 1);
        Want(queue, "red 1", "blue 2");
        Assert.Equal("red 1", Granted(queue));
        queue.Rest(NewTicket("red 1"));
        Assert.Equal("", Granted(queue));

        Want(queue, "red 1");

        Assert.Equal("red 1", Granted(queue));
        Assert.Equal(1, queue.Clones);
    }

    [Fact]
    public void The_jobs_of_a_silent_worker_wait_again_at_their_old_place_and_need_no_room_that_they_have()
    {
        var queue = NewQueue(new QueueRules { Clones = 2 }, slots: 2);
        Want(queue, "red 1", "red 2", "red 3");
        Assert.Equal("red 1, red 2", Granted(queue));
        Assert.Empty(queue.Expire(Given.T0 + Lease - TimeSpan.FromTicks(1)));

        Assert.Equal("red 1, red 2", Names(queue.Expire(Given.T0 + Lease).OrderBy(g => _names[g.Job])));
        Assert.Equal((0, 0, 3, 2), (queue.Slots, queue.Workers, queue.Waiting, queue.Clones));
        Assert.Equal([1, 2, 3], [queue.PositionOf(Id("red 1")), queue.PositionOf(Id("red 2")), queue.PositionOf(Id("red 3"))]);

        queue.Offer("w2", 5, Given.T0 + Lease);
        Assert.Equal("red 1, red 2", Granted(queue));
    }

    [Fact]
    public void A_worker_that_renews_its_lease_keeps_its_jobs()
    {
        var queue = NewQueue(new QueueRules(), slots: 1);
        Want(queue, "red 1");
        Assert.Equal("red 1", Granted(queue));

        queue.Offer("w1", 1, Given.T0 + (Lease / 2));

        Assert.Empty(queue.Expire(Given.T0 + Lease));
        Assert.Single(queue.Expire(Given.T0 + (Lease * 1.5)));
    }

    [Fact]
    public void A_worker_that_ends_what_it_has_takes_no_more()
    {
        var queue = NewQueue(new QueueRules(), slots: 2);
        Want(queue, "red 1", "red 2", "red 3");
        Assert.Equal("red 1, red 2", Granted(queue));

        queue.Offer("w1", 0, Given.T0);
        queue.Release(Id("red 1"));

        Assert.Equal("", Granted(queue));
        Assert.Equal("w1", queue.WorkerOf(Id("red 2")));
    }

    [Fact]
    public void A_job_that_builds_on_a_worker_unknown_so_far_gives_it_a_leases_time_to_speak()
    {
        var queue = NewQueue(new QueueRules(), slots: 1);
        queue.Hold(NewTicket("red 1"), "w2", Given.T0);
        Assert.Equal(1, queue.Slots);

        queue.Offer("w2", 3, Given.T0 + (Lease / 2));
        Assert.Equal(4, queue.Slots);
        queue.Offer("w1", 1, Given.T0 + (Lease / 2));
        Assert.Empty(queue.Expire(Given.T0 + Lease));
    }

    [Fact]
    public void More_workers_than_there_may_be_are_sent_away()
    {
        var queue = new FairQueue(new QueueRules { Workers = 2 });

        Assert.Equal([true, true, false, true], [queue.Offer("w1", 1, Given.T0), queue.Offer("w2", 1, Given.T0), queue.Offer("w3", 1, Given.T0), queue.Offer("w1", 1, Given.T0)]);
        Assert.Equal(2, queue.Slots);
    }

    [Fact]
    public void The_emptiest_worker_gets_the_next_job()
    {
        var queue = NewQueue(new QueueRules(), slots: 2);
        queue.Offer("w2", 4, Given.T0);
        Want(queue, "red 1", "red 2", "red 3");

        Assert.Equal(["w2", "w2", "w1"], queue.GrantFree().Select(g => g.Worker));
    }

    /// <summary>Which order jobs come in after a restart does not matter.</summary>
    [Fact]
    public void Within_a_tenant_the_earlier_accepted_goes_first()
    {
        var queue = NewQueue(new QueueRules(), slots: 1);
        Want(queue, "red 3", "red 1", "red 4", "red 2");

        Assert.Equal("red 1, red 2, red 3, red 4", Order(queue));
    }

    private static FairQueue NewQueue(QueueRules rules, int slots)
    {
        var queue = new FairQueue(rules);
        queue.Offer("w1", slots, Given.T0);
        return queue;
    }

    private void Want(FairQueue queue, params ReadOnlySpan<string> names) => Want(queue, JobPriority.Interactive, names);

    private void Want(FairQueue queue, JobPriority priority, params ReadOnlySpan<string> names)
    {
        foreach (var name in names) queue.Want(NewTicket(name, priority));
    }

    /// <summary>"red 3" was accepted in the third second.</summary>
    private Ticket NewTicket(string name, JobPriority priority = JobPriority.Interactive) =>
        new(Id(name), name.Split(' ')[0], Given.T0.AddSeconds(int.Parse(name.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture)), priority);

    private JobId Id(string name)
    {
        var id = JobId.FromBytes(System.Text.Encoding.ASCII.GetBytes(name.PadRight(16)));
        _names[id] = name;
        return id;
    }

    private string Granted(FairQueue queue) => Names(queue.GrantFree());

    private string Names(IEnumerable<Grant> grants) => string.Join(", ", grants.Select(g => _names[g.Job]));

    /// <summary>Who goes, one after the other, each ending before the next; so many, or all.</summary>
    private string Order(FairQueue queue, int count = int.MaxValue)
    {
        var order = new List<Grant>();
        while (order.Count < count && queue.GrantFree() is [var grant])
        {
            queue.Release(grant.Job);
            order.Add(grant);
        }

        return Names(order);
    }
}
