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

    /// <summary>As when the machine loses its power, but for what a disk may lose.</summary>
    KillAll,
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
    private static readonly Blow[] Blows = Enum.GetValues<Blow>();

    public static IReadOnlyList<Gust> Of(int seed, TimeSpan length, int nodes)
    {
        var random = new Random(seed);
        var gusts = new List<Gust>();

        // All kinds come in a shuffled round before any comes again: a short run meets each.
        var round = new Queue<Blow>();
        var at = TimeSpan.FromSeconds(4);
        while (true)
        {
            if (round.Count == 0) round = new Queue<Blow>(Shuffled(random));
            var lasts = TimeSpan.FromSeconds(0.2 + (4 * random.NextDouble()));
            var node = random.Next(nodes);
            var blow = round.Dequeue();
            if (blow is Blow.FreezeNode && nodes > 1 && random.Next(2) == 0) lasts = TooLong;
            if (at + lasts > length) return gusts;
            gusts.Add(new Gust(at, blow, node, lasts));
            at += lasts + TimeSpan.FromSeconds(1 + (5 * random.NextDouble()));
        }
    }

    private static Blow[] Shuffled(Random random)
    {
        Blow[] blows = [.. Blows];
        random.Shuffle(blows);
        return blows;
    }
}
