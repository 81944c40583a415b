using CloneHub.Contracts;

namespace CloneHub.Provisioning.Pool;

/// <summary>What the pool keeps to.</summary>
/// <param name="WhileBusy">Instances are made while jobs build or wait; false where both share a machine.</param>
internal sealed record PoolRules(int Size, int MaxSize, int AtOnce, bool WhileBusy);

/// <summary>
/// How many instances to make, and how many to remove. Pure: the queue's reading and the pool in, two numbers out, never both above 0.
/// As many are wanted as the settings say and one for each job that waits; but never more than fit under the ceiling of clones beside all clones and
/// one more for each slot, which may begin before the next look: a job never finds the room taken by instances that nobody uses.
/// </summary>
internal readonly record struct PoolPlan(int Wanted, int Make, int Remove)
{
    /// <param name="ready">May be claimed.</param>
    /// <param name="starting">Being made.</param>
    public static PoolPlan Of(PoolRules rules, QueueReading queue, int ready, int starting)
    {
        var room = Math.Max(0, (queue.ClonesLimit ?? int.MaxValue) - queue.Clones - queue.Slots);
        var most = Math.Min(rules.MaxSize, room);
        var wanted = rules.Size == 0 ? 0 : Math.Min(most, rules.Size + queue.Waiting);
        var there = ready + starting;
        if (there > wanted) return new PoolPlan(wanted, Make: 0, there > most ? there - most : 1);
        var mayMake = rules.WhileBusy || queue is { Waiting: 0, Building: 0 };
        return new PoolPlan(wanted, mayMake ? Math.Max(0, Math.Min(rules.AtOnce - starting, wanted - there)) : 0, Remove: 0);
    }
}
