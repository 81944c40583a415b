namespace CloneHub.Chaos.Restores;

/// <summary>Who dies.</summary>
internal enum Victim
{
    /// <summary>CloneHub's process.</summary>
    Service,

    /// <summary>The site's PHP as a whole, master and workers.</summary>
    Php,

    /// <summary>The one request that has come to the point.</summary>
    Request,

    /// <summary>The site's MariaDB.</summary>
    Database,
}

/// <param name="Point">Where the site's PHP has come to then.</param>
/// <param name="IsBack">On the way back.</param>
internal sealed record Kill(int Round, int Number, string Point, bool IsBack, Victim Victim);

/// <param name="Fault">What was not as it has to be; null if all was.</param>
internal sealed record Outcome(Kill Kill, string Said, string? Fault, double Seconds);

/// <summary>Which points are taken, of all that a restore and its way back come to.</summary>
internal static class KillPlan
{
    public const int Points = 30;

    private static readonly (bool IsBack, string[] Ops, int Count)[] Parts =
    [
        (false, ["look"], 1),
        (false, ["inspect", "prepare"], 3),
        (false, ["rows", "files", "moves", "missing", "sums", "marks"], 4),
        (false, ["swap"], 9),
        (false, ["flush", "confirm"], 2),
        (true, ["rollback"], 7),
        (true, ["bye", "finish"], 4),
    ];

    /// <summary>As many of each part as it is to have, from its first point to its last at even distances.</summary>
    public static IReadOnlyList<(string Point, bool IsBack)> Choose(IReadOnlyList<string> there, IReadOnlyList<string> back) =>
        [.. Parts.SelectMany(part => Spread([.. (part.IsBack ? back : there).Where(point => part.Ops.Contains(point.Split(':')[0])).Distinct()], part.Count).Select(point => (point, part.IsBack)))];

    /// <summary>Each point sees every victim in as many rounds as there are.</summary>
    public static IEnumerable<Kill> Round(int round, IReadOnlyList<(string Point, bool IsBack)> points) =>
        points.Index().Select(point => new Kill(round, point.Index + 1, point.Item.Point, point.Item.IsBack, (Victim)((point.Index + round) % Enum.GetValues<Victim>().Length)));

    private static IEnumerable<string> Spread(List<string> all, int count) =>
        all.Count <= count ? all : Enumerable.Range(0, count).Select(at => all[count == 1 ? 0 : at * (all.Count - 1) / (count - 1)]);
}
