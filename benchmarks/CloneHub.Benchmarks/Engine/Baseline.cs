using System.Globalization;
using System.Text;

namespace CloneHub.Benchmarks.Engine;

/// <summary>
/// Whether CloneHub has become slower since the kept run. Seconds of two days say nothing, on a machine that others share; so each figure is compared as its ratio to
/// what the machine could do at most in the same round: the web server without work, and the stores with nobody in between.
/// </summary>
internal static class Baseline
{
    /// <summary>The share of the kept ratio that may be lost.</summary>
    private const double Tolerance = 0.2;

    private const int Many = 64;

    /// <summary>What is compared, the bar that it is held against, and whether more is better. A bar that counts per second turns milliseconds into its own units.</summary>
    private static readonly IReadOnlyList<(string Figure, string Bar, bool IsRate)> Compared =
    [
        (Figure.Of(Figure.Accepted, 1), Figure.Of(Figure.RedisSets, 1), true),
        (Figure.Of(Figure.Accepted, Many), Figure.Of(Figure.Accepted, Many), true),
        (Figure.Reads, Figure.Reads, true),
        (Figure.Through, Figure.Of(Figure.RedisSets, Many), true),
        (Figure.Lone, Figure.Of(Figure.RedisSets, 1), false),
        (Figure.Processor, Figure.Processor, false),
    ];

    /// <param name="kept">The run that this one is compared with.</param>
    /// <returns>A table, and whether nothing has become slower.</returns>
    public static (string Table, bool IsKept) Compare(EngineResults now, EngineResults kept)
    {
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"\n| beside the bars of the same round | kept, {kept.At:yyyy-MM-dd} | now | change |\n|---|---|---|---|\n"));
        var isKept = true;
        foreach (var (figure, bar, isRate) in Compared)
        {
            if (Against(now, figure, bar, isRate) is not { } value || Against(kept, figure, bar, isRate) is not { } before) continue;
            var gain = isRate ? (value / before) - 1 : (before / value) - 1;
            var isSlower = isRate ? value < before * (1 - Tolerance) : value > before * (1 + Tolerance);
            isKept &= !isSlower;
            text.Append(CultureInfo.InvariantCulture, $"| {figure} | {EngineResults.Number(before)} | {EngineResults.Number(value)} | {gain:+0 %;-0 %}{(isSlower ? " **slower**" : "")} |\n");
        }

        return (text.ToString(), isKept);
    }

    /// <summary>Rates by the bar's rate. The time of a lone job by the time of one durable write: their product with its rate. The processor by the processor of an empty call.</summary>
    private static double? Against(EngineResults results, string figure, string bar, bool isRate) =>
        isRate || figure == bar
            ? results.Ratio(Contenders.CloneHub.Name, figure, Bars.Name, bar)
            : results.Product(Contenders.CloneHub.Name, figure, Bars.Name, bar) / 1000;
}
