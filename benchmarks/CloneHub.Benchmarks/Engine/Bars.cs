using System.Globalization;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;

namespace CloneHub.Benchmarks.Engine;

/// <summary>What this machine can do at most: a web server that does nothing, and the two stores with nobody in between.</summary>
internal static class Bars
{
    public const string Name = "null server and stores";
    private const int StoreClients = 64;
    private static readonly TimeSpan LoadTime = TimeSpan.FromSeconds(2);
    private static readonly (int Clients, int Sets)[] Sets = [(1, 400), (StoreClients, 8_000)];

    public static async Task<Dictionary<string, double>> MeasureAsync(EngineStage stage, CancellationToken ct)
    {
        var figures = new Dictionary<string, double>();
        await stage.ResetAsync(ct);
        foreach (var (clients, sets) in Sets) figures[Figure.Of(Figure.RedisSets, clients)] = await SetsAsync(stage.Redis, clients, sets, ct);
        foreach (var clients in new[] { 1, 16 }) figures[Figure.Of(Figure.PostgreSqlInserts, clients)] = await InsertsAsync(stage, clients, ct);

        var port = Ports.Free();
        var (posts, status) = (new Uri(Contenders.Address(port), "jobs"), new Uri(Contenders.Address(port), "jobs/1"));
        await stage.RunAsync("null", stage.Folder.FullName, new Dictionary<string, string>(), NullServer.Program(port), ct);
        await stage.UntilAsync(
            async () =>
            {
                using var answer = await stage.Client.GetAsync(status, ct);
                return answer.IsSuccessStatusCode;
            },
            ct);
        await Wrk.PostAsync(posts, Contender.Body, Round.Readers, LoadTime, stage.Folder, ct);
        foreach (var clients in Round.Clients)
        {
            var load = await Wrk.PostAsync(posts, Contender.Body, clients, LoadTime, stage.Folder, ct);
            (figures[Figure.Of(Figure.Accepted, clients)], figures[Figure.Of(Figure.P50, clients)], figures[Figure.Of(Figure.P99, clients)]) = (load.PerSecond, load.P50, load.P99);
        }

        var before = ProcessTree.ProcessorSeconds([stage.LastProcess]);
        var reads = await Wrk.GetAsync(status, Round.Readers, LoadTime, stage.Folder, ct);
        (figures[Figure.Reads], figures[Figure.ReadsP99]) = (reads.PerSecond, reads.P99);

        // Of a call instead of a job: how fast the processors are today.
        figures[Figure.Processor] = 1000 * (ProcessTree.ProcessorSeconds([stage.LastProcess]) - before) / (reads.PerSecond * LoadTime.TotalSeconds);
        await stage.EndAsync("KILL", ct);
        return figures;
    }

    /// <summary>Values of a kilobyte, each on disk before it is answered; of many clients some are written at once.</summary>
    private static async Task<double> SetsAsync(PrivateServer redis, int clients, int sets, CancellationToken ct)
    {
        // It takes its password among the arguments only. The server is this run's own and goes with it.
        string[] arguments = ["-h", "127.0.0.1", "-p", Text(redis.Port), "-a", redis.Password, "-t", "set", "-d", "1024", "-c", Text(clients), "-n", Text(sets), "-r", "100000", "--csv"];
        var output = await Command.RunAsync("redis-benchmark", arguments, ct);
        var line = output.Split('\n').Last(l => l.StartsWith("\"SET\"", StringComparison.Ordinal));
        return double.Parse(line.Split(',')[1].Trim('"'), CultureInfo.InvariantCulture);
    }

    /// <summary>Transactions of one row of a kilobyte.</summary>
    private static async Task<double> InsertsAsync(EngineStage stage, int clients, CancellationToken ct)
    {
        var script = Path.Combine(stage.Folder.FullName, "insert.sql");
        await File.WriteAllTextAsync(script, "INSERT INTO bar (value) VALUES (repeat('x', 1024));\n", ct);
        await stage.Servers.QueryPostgreSqlAsync("clonehub", "CREATE TABLE IF NOT EXISTS bar (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, value text)", ct);
        string[] arguments =
        [
            "-n", "-M", "prepared", "-h", "127.0.0.1", "-p", Text(stage.PostgreSql.Port), "-U", PostgreSqlServer.Owner, "-c", Text(clients), "-j", "1", "-T", Text((int)LoadTime.TotalSeconds), "-f", script, "clonehub",
        ];
        var output = await Command.RunAsync("pgbench", arguments, new CommandSettings { Environment = new Dictionary<string, string> { ["PGPASSWORD"] = stage.PostgreSql.Password } }, ct);
        var line = output.Split('\n').Single(l => l.StartsWith("tps = ", StringComparison.Ordinal));
        return double.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
