using System.Globalization;
using System.Text;
using System.Text.Json;

namespace CloneHub.Benchmarks.Engine;

/// <summary>Everything that one run has measured, as it is kept.</summary>
/// <param name="Rounds">Of each round: contender, figure, value. Those of one round were measured within minutes.</param>
/// <param name="Once">What is measured of CloneHub alone, apart from the rounds.</param>
internal sealed record EngineResults(
    string Machine, string Durability, DateTimeOffset At, List<Dictionary<string, Dictionary<string, double>>> Rounds, Dictionary<string, List<double>> Once)
{
    private static readonly JsonSerializerOptions Readable = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public IReadOnlyList<string> Contenders => [.. Rounds.SelectMany(round => round.Keys).Distinct()];

    /// <summary>Null if nobody has measured it.</summary>
    public double? Median(string contender, string figure) =>
        Middle(Rounds.Select(round => round.TryGetValue(contender, out var figures) && figures.TryGetValue(figure, out var value) ? value : (double?)null));

    /// <summary>The median of the rounds' ratios, not the ratio of medians: what the machine does meanwhile falls on both sides of a round.</summary>
    public double? Ratio(string one, string figure, string other, string otherFigure) => Pairs(one, figure, other, otherFigure, (a, b) => a / b);

    public double? Product(string one, string figure, string other, string otherFigure) => Pairs(one, figure, other, otherFigure, (a, b) => a * b);

    public double? Alone(string figure) => Once.TryGetValue(figure, out var values) ? Middle(values.Select(value => (double?)value)) : null;

    public static EngineResults Read(string file) => JsonSerializer.Deserialize<EngineResults>(File.ReadAllText(file), Readable)!;

    public string ToJson() => JsonSerializer.Serialize(this, Readable) + "\n";

    /// <summary>A row for each figure, a column for each contender; in brackets how it relates to CloneHub's.</summary>
    public string ToTable()
    {
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"\n| median of {Rounds.Count} rounds | {string.Join(" | ", Contenders)} |\n|---|{string.Concat(Contenders.Select(_ => "---|"))}\n"));
        foreach (var figure in Rounds.SelectMany(round => round.Values).SelectMany(figures => figures.Keys).Distinct())
            text.Append(CultureInfo.InvariantCulture, $"| {figure} | {string.Join(" | ", Contenders.Select(contender => Cell(contender, figure)))} |\n");
        text.Append("\n| CloneHub alone | median | all |\n|---|---|---|\n");
        foreach (var (figure, values) in Once)
            text.Append(CultureInfo.InvariantCulture, $"| {figure} | {Number(Middle(values.Select(value => (double?)value)))} | {string.Join(", ", values.Select(value => Number(value)))} |\n");
        return text.ToString();
    }

    private double? Pairs(string one, string figure, string other, string otherFigure, Func<double, double, double> meet) => Middle(Rounds.Select(round =>
        round.TryGetValue(one, out var ours) && ours.TryGetValue(figure, out var a) && round.TryGetValue(other, out var theirs) && theirs.TryGetValue(otherFigure, out var b) && b > 0 ? meet(a, b) : (double?)null));

    private string Cell(string contender, string figure)
    {
        var ours = Engine.Contenders.CloneHub.Name;
        if (Median(contender, figure) is not { } value) return "";
        return contender != ours && Ratio(ours, figure, contender, figure) is { } ratio ? $"{Number(value)} ({Number(ratio)}×)" : Number(value);
    }

    /// <summary>Three digits that count.</summary>
    public static string Number(double? value) => value switch
    {
        null => "",
        0 => "0",
        { } v when Math.Abs(v) >= 100 => v.ToString("#,0", CultureInfo.InvariantCulture),
        { } v => v.ToString("G3", CultureInfo.InvariantCulture),
    };

    private static double? Middle(IEnumerable<double?> values)
    {
        var known = values.OfType<double>().ToList();
        return known.Count == 0 ? null : Statistics.Percentile(known, 50);
    }
}
