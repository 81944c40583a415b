using System.Globalization;
using System.Net.Http.Json;
using CloneHub.Dev;
using CloneHub.Dev.Host;
using CloneHub.Dev.Servers;

namespace CloneHub.Benchmarks.Engine;

/// <summary>CloneHub and its rivals, each as its documentation says it is fast; why so: benchmarks/README.md.</summary>
internal static class Contenders
{
    /// <summary>Jobs that are done at once.</summary>
    private const int AtOnce = 32;

    public static readonly Contender CloneHub = new("CloneHub", "api/v2/clone", "api/v2/job-status/{0}", "job_id", "completed", async (stage, ct) =>
    {
        var port = Ports.Free();
        await stage.RunAsync("clonehub", stage.Folder.FullName, HostSettingsFor(stage.Servers, port, AtOnce), EngineNode.Program(port, Path.Combine(stage.Folder.FullName, "heap")), ct);
        return Address(port);
    });

    private static readonly Contender Hangfire = new("Hangfire", "jobs", "jobs/{0}", "job_id", "Succeeded", async (stage, ct) =>
    {
        var port = Ports.Free();
        var settings = new Dictionary<string, string> { ["PORT"] = Text(port), ["POSTGRESQL"] = $"{stage.Servers.PostgreSqlConnectionString};Maximum Pool Size=100" };
        await stage.RunAsync("hangfire", stage.Folder.FullName, settings, ["dotnet", Repository.Path("artifacts", "bin", "HangfireRival", "release", "HangfireRival.dll")], ct);
        return Address(port);
    });

    private static readonly Contender BullMq = new("BullMQ", "jobs", "jobs/{0}", "job_id", "completed", async (stage, ct) =>
    {
        var (port, folder) = (Ports.Free(), Folder("bullmq"));
        await stage.RunAsync("bullmq-worker", folder, OnRedis(stage, port), ["node", "worker.js"], ct);
        await stage.RunAsync("bullmq-api", folder, OnRedis(stage, port), ["node", "api.js"], ct);
        return Address(port);
    });

    private static readonly Contender Restate = new("Restate", "job/run/send", "restate/invocation/{0}/output", "invocationId", null, async (stage, ct) =>
    {
        var (ingress, admin, node, service, folder) = (Ports.Free(), Ports.Free(), Ports.Free(), Ports.Free(), Folder("restate"));
        await stage.RunAsync("restate-job", folder, new Dictionary<string, string> { ["PORT"] = Text(service), ["NODE_ENV"] = "production" }, ["node", "job.js"], ct);
        var settings = new Dictionary<string, string>
        {
            ["RESTATE_BASE_DIR"] = stage.NewFolder("restate").FullName,
            ["RESTATE_INGRESS__BIND_ADDRESS"] = $"127.0.0.1:{Text(ingress)}",
            ["RESTATE_ADMIN__BIND_ADDRESS"] = $"127.0.0.1:{Text(admin)}",
            ["RESTATE_BIND_ADDRESS"] = $"127.0.0.1:{Text(node)}",
            ["RESTATE_ADVERTISED_ADDRESS"] = $"http://127.0.0.1:{Text(node)}",
            ["RESTATE_LOG_FILTER"] = "warn",
            ["DO_NOT_TRACK"] = "1",
        };
        await stage.RunAsync("restate-server", folder, settings, ["node_modules/@restatedev/restate-server-linux-x64/bin/restate-server"], ct);
        await stage.UntilAsync(
            async () =>
            {
                using var answer = await stage.Client.PostAsJsonAsync(new Uri(Address(admin), "deployments"), new { uri = Address(service) }, ct);
                return answer.IsSuccessStatusCode;
            },
            ct);
        return Address(ingress);
    });

    private static readonly Contender Before = new("FastAPI and Celery", "jobs", "jobs/{0}", "job_id", "SUCCESS", async (stage, ct) =>
    {
        var (port, folder) = (Ports.Free(), Folder("python"));
        await stage.RunAsync("celery", folder, OnRedis(stage, port), ["/usr/bin/python3", "-m", "celery", "-A", "tasks", "worker", "--concurrency=8", "--without-gossip", "--without-mingle", "--loglevel=warning"], ct);
        await stage.RunAsync("uvicorn", folder, OnRedis(stage, port), ["/usr/bin/python3", "-m", "uvicorn", "api:api", "--host=127.0.0.1", $"--port={Text(port)}", "--workers=2", "--no-access-log", "--log-level=warning"], ct);
        return Address(port);
    });

    public static IReadOnlyList<Contender> Rivals => [Hangfire, BullMq, Restate, Before];

    /// <summary>Settings of a Host whose limits of fairness are not what is measured: one client asks for everything.</summary>
    public static Dictionary<string, string> HostSettingsFor(PrivateServers servers, int port, int slots) => new(HostSettings.For(servers, servers.State, servers.State, port))
    {
        ["CloneHub__Slots"] = Text(slots),
        ["CloneHub__RateLimit__ClonesPerMinute"] = "1000000",
        ["CloneHub__Queue__MaxWaiting"] = "1000000",
        ["CloneHub__Queue__MaxOpenPerTenant"] = "1000000",
        ["CloneHub__Local__MariaDb"] = "Server=127.0.0.1;Port=9",
    };

    private static Dictionary<string, string> OnRedis(EngineStage stage, int port) => new()
    {
        ["PORT"] = Text(port),
        ["REDIS_PORT"] = Text(stage.Redis.Port),
        ["REDIS_PASSWORD"] = stage.Redis.Password,
        ["NODE_ENV"] = "production",
        ["PYTHONDONTWRITEBYTECODE"] = "1",
    };

    private static string Folder(string rival) => Repository.Path("benchmarks", "rivals", rival);

    public static Uri Address(int port) => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/"));

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
