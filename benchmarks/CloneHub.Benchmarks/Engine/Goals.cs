using System.Globalization;
using System.Text;

namespace CloneHub.Benchmarks.Engine;

/// <summary>How fast CloneHub is to be beside others, and whether it is.</summary>
/// <param name="Must">What it has to reach; <paramref name="Aim"/> is what it should.</param>
/// <param name="IsFloor">More is better; otherwise less.</param>
internal sealed record Goal(string What, double Must, double Aim, bool IsFloor, Func<EngineResults, double?> Measure)
{
    private const int Many = 64;
    private static readonly string Ours = Contenders.CloneHub.Name;

    public static readonly IReadOnlyList<Goal> All =
    [
        new("accepted/s beside Hangfire", 10, 30, true, Accepted("Hangfire")),
        new("accepted/s beside BullMQ", 0.8, 2, true, Accepted("BullMQ")),
        new("accepted/s beside Restate", 1.5, 5, true, Accepted("Restate")),
        new("lone job beside Restate", 1, 0.3, false, results => results.Ratio(Ours, Figure.Lone, "Restate", Figure.Lone)),
        new("lone job beside Hangfire", 1.0 / 3, 0.1, false, results => results.Ratio(Ours, Figure.Lone, "Hangfire", Figure.Lone)),
        new("status reads/s beside the null server's GET", 0.2, 0.5, true, results => results.Ratio(Ours, Figure.Reads, Bars.Name, Figure.Reads)),
        new("processor per job beside Restate", 1, 0.3, false, results => results.Ratio(Ours, Figure.Processor, "Restate", Figure.Processor)),
        new("first accept after SIGKILL with 10,000 in flight, s", 3, 1, false, results => results.Alone(Figure.Restart)),
    ];

    /// <returns>What has been measured of it; nothing is said of rivals that were left out.</returns>
    public static string Table(EngineResults results)
    {
        var text = new StringBuilder("\n| goal | must | aim | measured | reached |\n|---|---|---|---|---|\n");
        foreach (var goal in All)
        {
            if (goal.Measure(results) is not { } value) continue;
            var sign = goal.IsFloor ? "≥" : "≤";
            text.Append(CultureInfo.InvariantCulture, $"| {goal.What} | {sign} {goal.Must:0.##} | {sign} {goal.Aim:0.##} | {value:0.00} | {goal.Reached(value)} |\n");
        }

        return text.ToString();
    }

    private string Reached(double value)
    {
        if (IsFloor ? value >= Aim : value <= Aim) return "aim";
        return (IsFloor ? value >= Must : value <= Must) ? "must" : "**no**";
    }

    private static Func<EngineResults, double?> Accepted(string rival)
    {
        var figure = Figure.Of(Figure.Accepted, Many);
        return results => results.Ratio(Ours, figure, rival, figure);
    }
}
