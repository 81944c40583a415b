using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using CloneHub.Dev.Host;
using CloneHub.Dev.Servers;
using JobStage = CloneHub.Jobs.Stage;

namespace CloneHub.Benchmarks.Engine;

/// <summary>
/// How soon the Host is there: on empty stores, and after it was killed with ten thousand jobs in flight. And what one of them takes of its heap: the engine with
/// steps that never end starts on more and more jobs and says each time how many bytes live.
/// </summary>
internal static class FlightBenchmark
{
    private const int Rounds = 3;
    private const int Running = 1_000;
    private const int Waiting = 5_000;
    private const int Serving = 4_000;
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(4);

    public static async Task<Dictionary<string, List<double>>> MeasureAsync(EngineStage stage, CancellationToken ct)
    {
        var figures = new Dictionary<string, List<double>>();
        await stage.ResetAsync(ct);
        await StartAsync(stage, holds: null, ct);
        await stage.EndAsync("TERM", ct);
        figures[Figure.ColdStart] = await StartsAsync(stage, ct);

        var empty = await HeapAsync(stage, 0, ct);
        await using (var seeder = await JobSeeder.OpenAsync(stage.Servers.RedisConnectionString, stage.Servers.PostgreSqlConnectionString, Path.Combine(stage.Folder.FullName, "master.key")))
        {
            var (before, jobs) = (empty, 0);
            foreach (var (figure, where, count) in new[] { (Figure.Running, JobStage.PodReady, Running), (Figure.Waiting, JobStage.Requested, Waiting), (Figure.Serving, JobStage.Serving, Serving) })
            {
                await seeder.AddAsync(where, count, ct);
                jobs += count;
                var heap = await HeapAsync(stage, jobs, ct);
                figures[figure] = [(double)(heap - before) / count];
                before = heap;
            }
        }

        figures[Figure.Restart] = await StartsAsync(stage, ct);
        return figures;
    }

    /// <returns>Seconds to the first 202 of the Host that is released, each time after a SIGKILL.</returns>
    private static async Task<List<double>> StartsAsync(EngineStage stage, CancellationToken ct)
    {
        var seconds = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            seconds.Add((await StartAsync(stage, holds: null, ct)).Seconds);
            await Task.Delay(Settling, TimeProvider.System, ct);
            await stage.EndAsync("KILL", ct);
        }

        return seconds;
    }

    /// <param name="holds">Null for the Host as it is released, whose back end is away.</param>
    private static async Task<(double Seconds, Uri Address)> StartAsync(EngineStage stage, bool? holds, CancellationToken ct)
    {
        var port = Ports.Free();
        var caller = new Caller(stage.Client, Contenders.CloneHub, Contenders.Address(port));
        var started = TimeProvider.System.GetTimestamp();
        var program = holds is { } held ? EngineNode.Program(port, HeapFile(stage), held) : ["dotnet", HostSettings.Program()];
        await stage.RunAsync("host", stage.Folder.FullName, Contenders.HostSettingsFor(stage.Servers, port, Running), program, ct);
        await stage.UntilAsync(async () => await caller.PostAsync(ct) is not null, ct);
        return (TimeProvider.System.GetElapsedTime(started).TotalSeconds, Contenders.Address(port));
    }

    private static async Task<long> HeapAsync(EngineStage stage, int jobs, CancellationToken ct)
    {
        var (_, address) = await StartAsync(stage, holds: true, ct);
        await stage.UntilAsync(
            async () =>
            {
                using var answer = await stage.Client.GetAsync(new Uri(address, "queue"), ct);
                return answer.IsSuccessStatusCode && await answer.Content.ReadFromJsonAsync<QueueFigures>(JsonSerializerOptions.Web, ct) is { } queue && queue.Depth + queue.Clones >= jobs;
            },
            ct);
        await Task.Delay(Settling, TimeProvider.System, ct);
        File.Delete(HeapFile(stage));
        await CloneHub.Dev.Processes.ProcessIdentity.Of(stage.LastProcess)!.SignalAsync("USR1", ct);
        await stage.UntilAsync(() => Task.FromResult(File.Exists(HeapFile(stage))), ct);
        var heap = long.Parse(await File.ReadAllTextAsync(HeapFile(stage), ct), CultureInfo.InvariantCulture);
        await stage.EndAsync("KILL", ct);
        return heap;
    }

    private static string HeapFile(EngineStage stage) => Path.Combine(stage.Folder.FullName, "heap");
}
