using CloneHub.Contracts;
using CloneHub.Jobs.Queue;
using FsCheck.Xunit;

namespace CloneHub.Jobs.Tests.Queue;

/// <summary>What holds of the queue after any sequence of orders, compared with <see cref="NaiveQueue"/>.</summary>
public sealed class FairQueueProperties
{
    private static readonly string[] Tenants = ["blue", "green", "red"];
    private static readonly string[] Workers = ["w1", "w2", "w3"];

    private static readonly QueueRules[] Rules =
    [
        new(),
        new() { Weights = new Dictionary<string, int> { ["red"] = 2, ["green"] = 4 } },
        new() { BuildingOfTenant = 2, Workers = 2, Weights = new Dictionary<string, int> { ["blue"] = 2 } },
        new() { Clones = 4, ClonesOfTenant = 3 },
    ];

    private static readonly Ticket[] Jobs = [.. Enumerable.Range(0, 32).Select(n => new Ticket(
        JobId.FromBytes([.. Enumerable.Repeat((byte)(n * 37), 16)]), Tenants[n % 7 % 3], Given.T0.AddSeconds(n * 5 % 32), n % 3 == 1 ? JobPriority.Bulk : JobPriority.Interactive, MakesClone: n % 8 != 3))];

    [Property(MaxTest = 400)]
    public void It_does_what_the_plain_rules_say(byte which, byte[] script)
    {
        var rules = Rules[which % Rules.Length];
        var (queue, naive) = (new FairQueue(rules), new NaiveQueue(rules));
        var now = Given.T0;
        foreach (var order in OrdersOf(script))
        {
            now += TimeSpan.FromSeconds(order % 3);
            Assert.Equal(Carry(naive, order, now), Carry(queue, order, now));

            var before = naive.Entries.Where(e => e.State == "builds").ToList();
            var grants = queue.GrantFree();
            Assert.Equal(naive.GrantFree(), grants);
            KeepsToTheRules(rules, naive, before, grants);
            Tells(queue, naive);
        }
    }

    [Property(MaxTest = 200)]
    public void Everybody_gets_a_slot_in_the_end(byte which, byte[] script)
    {
        var rules = Rules[which % 2];
        var queue = new FairQueue(rules);
        queue.Offer("w1", 1, Given.T0);
        var waiting = new List<JobId>();
        foreach (var order in OrdersOf(script))
        {
            var job = Jobs[order % Jobs.Length];
            if (queue.Waits(job.Job) || queue.WorkerOf(job.Job) is not null) continue;
            queue.Want(job);
            waiting.Add(job.Job);
            if (order % 4 == 0) End(queue, waiting);
        }

        // More is asked for all the time, by somebody else with precedence: the last of the bulk has its turn all the same.
        for (var n = 0; waiting.Count > 0; n++)
        {
            Assert.True(n < 5 * 4 * (Jobs.Length + 2), $"{waiting.Count} still wait.");
            queue.Want(new Ticket(JobId.FromBytes([.. BitConverter.GetBytes(n), 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]), "green", Given.T0.AddHours(1)));
            End(queue, waiting);
        }
    }

    /// <summary>Two bytes are an order: bytes come in their whole range, numbers of other kinds mostly small. There are slots from the start.</summary>
    private static IEnumerable<int> OrdersOf(byte[] script) => script.Concat(script).Zip(script.Skip(1).Concat(script), (high, low) => (high * 256) + low).Prepend((3 * 2048) + 8);

    private static void End(FairQueue queue, List<JobId> waiting)
    {
        foreach (var (job, _) in queue.GrantFree())
        {
            queue.Release(job);
            waiting.Remove(job);
        }
    }

    private static IReadOnlyList<JobId> Carry(FairQueue queue, int order, DateTimeOffset now)
    {
        var (job, worker) = (Jobs[order / 16 % Jobs.Length], Workers[order / 512 % Workers.Length]);
        switch (order % 16)
        {
            case <= 5: queue.Want(job); return [];
            case 6 or 7: queue.Release(job.Job); return [];
            case 8 or 9 or 10: return queue.Offer(worker, order / 2048 % 4, now) ? [job.Job] : [];
            case 11: queue.Hold(job, worker, now); return [];
            case 12: queue.Rest(job); return [];
            case 15: queue.Leave(job.Job); return [];
            case 13: return Sorted(queue.Withdraw(worker).Select(g => g.Job));
            default: return Sorted(queue.Expire(now).Select(g => g.Job));
        }
    }

    private static IReadOnlyList<JobId> Carry(NaiveQueue queue, int order, DateTimeOffset now)
    {
        var (job, worker) = (Jobs[order / 16 % Jobs.Length], Workers[order / 512 % Workers.Length]);
        switch (order % 16)
        {
            case <= 5: queue.Want(job); return [];
            case 6 or 7: queue.Release(job.Job); return [];
            case 8 or 9 or 10: return queue.Offer(worker, order / 2048 % 4, now) ? [job.Job] : [];
            case 11: queue.Hold(job, worker, now); return [];
            case 12: queue.Rest(job); return [];
            case 15: queue.Leave(job.Job); return [];
            case 13: return Sorted(queue.Withdraw(worker));
            default: return Sorted(queue.Expire(now));
        }
    }

    private static void KeepsToTheRules(QueueRules rules, NaiveQueue naive, IReadOnlyList<NaiveQueue.Entry> before, IReadOnlyList<Grant> grants)
    {
        foreach (var (job, worker) in grants)
        {
            Assert.DoesNotContain(before, e => e.Ticket.Job == job);
            Assert.True(naive.FreeSlotsOf().Single(f => f.Worker == worker).Free >= 0, "A slot was given twice.");
            var tenant = naive.Entries.Single(e => e.Ticket.Job == job).Ticket.Tenant;
            Assert.False(naive.Entries.Count(e => e.State == "builds" && e.Ticket.Tenant == tenant) > rules.BuildingOfTenant, "A tenant builds too much.");
        }

        var idle = naive.FreeSlotsOf().Any(f => f.Free > 0);
        var couldGo = naive.Heads(JobPriority.Interactive).Concat(naive.Heads(JobPriority.Bulk)).Where(naive.MayGo);
        if (idle) Assert.Empty(couldGo);
    }

    private static void Tells(FairQueue queue, NaiveQueue naive)
    {
        var order = naive.Order();
        Assert.Equal(Enumerable.Range(1, order.Count), order.Select(job => queue.PositionOf(job)!.Value));
        foreach (var other in naive.Entries.Where(e => !e.Waits)) Assert.Null(queue.PositionOf(other.Ticket.Job));

        var waiting = naive.Entries.Where(e => e.Waits).ToList();
        Assert.Equal(
            (waiting.Count, naive.Entries.Count(e => e.State == "builds"), naive.Entries.Count(e => e.HasClone), naive.Leases.Sum(l => l.Slots), naive.Leases.Count),
            (queue.Waiting, queue.Building, queue.Clones, queue.Slots, queue.Workers));
        Assert.Equal(waiting.Count > 0 ? waiting.Min(e => e.Ticket.AcceptedAt) : null, queue.Oldest);
        foreach (var tenant in Tenants) Assert.Equal(naive.Entries.Count(e => e.State != "rests" && e.Ticket.Tenant == tenant), queue.OpenOf(tenant));
    }

    private static IReadOnlyList<JobId> Sorted(IEnumerable<JobId> jobs) => [.. jobs.OrderBy(j => j.Value, StringComparer.Ordinal)];
}
