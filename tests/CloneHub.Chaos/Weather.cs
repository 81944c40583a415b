using System.Globalization;

namespace CloneHub.Chaos;

/// <summary>What can befall a node or a store.</summary>
internal enum Blow
{
    KillNode,
    StopNode,
    FreezeNode,
    KillRedis,
    FreezeRedis,
    KillPostgreSql,
    FreezePostgreSql,

    /// <summary>Where there is one: with the ledger there is none.</summary>
    KillMariaDb,

    /// <summary>As when the machine loses its power, but for what a disk may lose.</summary>
    KillAll,

    /// <summary>The node and the others do not hear each other; the stores and the customers hear all.</summary>
    CutNode,

    /// <summary>The node and the next do not hear each other, and both hear the rest.</summary>
    CutPair,

    /// <summary>The node hears the others, and they do not hear it.</summary>
    MuteNode,
}

/// <param name="At">Since the beginning.</param>
/// <param name="Node">Which node is meant, if one is; counted from 0.</param>
/// <param name="Lasts">How long what is hit stays away.</param>
internal sealed record Gust(TimeSpan At, Blow Blow, int Node, TimeSpan Lasts)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{At.TotalSeconds,6:0.0} s  {Blow} ({Node + 1}) for {Lasts.TotalSeconds:0.0} s");
}

/// <summary>The faults of one run, all from its seed. One comes after the other, so that each can be told from the next.</summary>
internal static class Weather
{
    /// <summary>Longer than the others wait for a silent node.</summary>
    private static readonly TimeSpan TooLong = TimeSpan.FromSeconds(14);
    private static readonly Blow[] OfSeveral = [Blow.CutNode, Blow.CutPair, Blow.MuteNode];

    public static IReadOnlyList<Gust> Of(int seed, TimeSpan length, int nodes, bool hasMariaDb = false)
    {
        var random = new Random(seed);
        Blow[] possible = [.. Enum.GetValues<Blow>().Where(blow => (nodes > 1 || !OfSeveral.Contains(blow)) && (hasMariaDb || blow is not Blow.KillMariaDb))];
        var gusts = new List<Gust>();

        // All kinds come in a shuffled round before any comes again: a short run meets each.
        var round = new Queue<Blow>();
        var at = TimeSpan.FromSeconds(4);
        while (true)
        {
            if (round.Count == 0) round = new Queue<Blow>(Shuffled(random, possible));
            var lasts = TimeSpan.FromSeconds(0.2 + (4 * random.NextDouble()));
            var node = random.Next(nodes);
            var blow = round.Dequeue();
            if ((blow is Blow.FreezeNode || OfSeveral.Contains(blow)) && nodes > 1 && random.Next(2) == 0) lasts = TooLong;
            if (at + lasts > length) return gusts;
            gusts.Add(new Gust(at, blow, node, lasts));
            at += lasts + TimeSpan.FromSeconds(1 + (5 * random.NextDouble()));
        }
    }

    private static Blow[] Shuffled(Random random, Blow[] possible)
    {
        Blow[] blows = [.. possible];
        random.Shuffle(blows);
        return blows;
    }
}
