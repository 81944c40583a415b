using System.Globalization;
using CloneHub.Dev;

namespace CloneHub.Benchmarks.Engine;

/// <summary>
/// How fast the engine is without the work of a clone, beside what the machine can do at most and, if wanted, beside others who keep the same contract. In turns: a
/// round measures everybody once, so that what the machine does meanwhile falls on all.
/// </summary>
internal static class EngineBenchmark
{
    private const int Rounds = 3;

    /// <summary>The run that later ones are compared with.</summary>
    private const string Kept = "engine";

    /// <param name="name">What the results are kept as, in benchmarks/results; by default a name that is not committed.</param>
    /// <returns>False if CloneHub has become slower than the kept run says.</returns>
    public static async Task<bool> RunAsync(bool withRivals, string? name, Report report, CancellationToken ct)
    {
        var contenders = (IReadOnlyList<Contender>)[Contenders.CloneHub, .. withRivals ? Contenders.Rivals : []];
        await using var stage = await EngineStage.StartAsync(ct);
        var results = new EngineResults(await Machine.DescribeAsync(ct), await stage.RequireDurabilityAsync(ct), TimeProvider.System.GetUtcNow(), [], []);
        report.Row("durability, as the stores say", $"{results.Durability}");
        for (var round = 1; round <= Rounds; round++) results.Rounds.Add(await RoundAsync(stage, contenders, round, ct));
        foreach (var (figure, values) in await FlightBenchmark.MeasureAsync(stage, ct)) results.Once[figure] = values;
        report.Text(results.ToTable());
        report.Text(Goal.Table(results));
        var isKept = Compare(results, report);
        await KeepAsync(results, name ?? "engine-last", ct);
        return isKept;
    }

    private static async Task<Dictionary<string, Dictionary<string, double>>> RoundAsync(EngineStage stage, IReadOnlyList<Contender> contenders, int round, CancellationToken ct)
    {
        Tell(round, Bars.Name);
        var measured = new Dictionary<string, Dictionary<string, double>> { [Bars.Name] = await Bars.MeasureAsync(stage, ct) };
        foreach (var contender in contenders)
        {
            Tell(round, contender.Name);
            try
            {
                var figures = measured[contender.Name] = await Round.MeasureAsync(stage, contender, countsFsyncs: round == 1, ct);
                await Console.Error.WriteLineAsync($"  lone job {EngineResults.Number(figures[Figure.Lone])} ms, accepted/s of 64 clients {EngineResults.Number(figures[Figure.Of(Figure.Accepted, 64)])}");
            }
            catch (Exception e) when (contender != Contenders.CloneHub && !ct.IsCancellationRequested && e is SetUpException or TimeoutException or InvalidOperationException or HttpRequestException or TaskCanceledException)
            {
                // A rival that does not come up here must not hide how all others are.
                await Console.Error.WriteLineAsync($"{contender.Name} is left out of round {round}: {e.Message}");
                await stage.EndAsync("KILL", ct);
            }
        }

        return measured;
    }

    private static bool Compare(EngineResults results, Report report)
    {
        var kept = Repository.Path("benchmarks", "results", $"{Kept}.json");
        if (!File.Exists(kept)) return true;
        var (table, isKept) = Baseline.Compare(results, EngineResults.Read(kept));
        report.Text(table);
        if (!isKept) report.Text("\nThe engine has become slower: more than 20 % of a ratio is lost.\n");
        return isKept;
    }

    private static Task KeepAsync(EngineResults results, string name, CancellationToken ct) =>
        File.WriteAllTextAsync(Repository.Path("benchmarks", "results", $"{name}.json"), results.ToJson(), ct);

    private static void Tell(int round, string name) => Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Round {round}: {name}"));
}
