using System.Collections.Concurrent;
using System.Text.Json;
using k8s;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CloneHub.Provisioning.Tests.Kubernetes;

/// <summary>An API server on loopback that shows the faults a real one cannot be made to show. Lists answer what it holds; each watch does what the test has laid down next.</summary>
internal sealed class FakeApiServer : IAsyncDisposable
{
    private readonly ConcurrentQueue<Func<HttpContext, Task>> _watches = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _break = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly WebApplication _app;

    private FakeApiServer(WebApplication app) => _app = app;

    /// <summary>Names of the ConfigMaps that a list answers.</summary>
    public IReadOnlyList<string> Names { get; set; } = [];

    public string Version { get; set; } = "10";

    /// <summary>What it holds from its second list on; null for the same.</summary>
    public (IReadOnlyList<string> Names, string Version)? Later { get; set; }

    /// <summary>Refuses that many calls with 429 before it answers one.</summary>
    public int Busy { get; set; }

    /// <summary>What was asked, in order: "list", or "watch VERSION".</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    public IKubernetes Client { get; private set; } = null!;

    public static async Task<FakeApiServer> StartAsync(params DelegatingHandler[] handlers)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = new FakeApiServer(builder.Build());
        server._app.Run(server.AnswerAsync);
        await server._app.StartAsync();
        server.Client = new k8s.Kubernetes(new KubernetesClientConfiguration { Host = server._app.Urls.Single() }, handlers);
        return server;
    }

    /// <summary>Breaks off the watch that was laid down to break.</summary>
    public void Break() => _break.TrySetResult();

    /// <summary>The next watch sends these events and ends, or is broken off by <see cref="Break"/>.</summary>
    public void NextWatch(bool breaks, params (string Type, string Name, string Version)[] events) => _watches.Enqueue(async context =>
    {
        foreach (var (type, name, version) in events)
            await context.Response.WriteAsync(JsonSerializer.Serialize(new { type, @object = ConfigMap(name, version) }) + "\n");
        await context.Response.Body.FlushAsync();
        if (!breaks) return;
        await _break.Task;
        context.Abort();
    });

    /// <summary>The next watch has nothing to tell until <see cref="Break"/>, and ends in order.</summary>
    public void NextWatchIsQuiet() => _watches.Enqueue(async context =>
    {
        await context.Response.Body.FlushAsync();
        await _break.Task;
    });

    /// <summary>The next watch says inside that its version is forgotten.</summary>
    public void NextWatchIsGone() => _watches.Enqueue(context => context.Response.WriteAsync(JsonSerializer.Serialize(new { type = "ERROR", @object = Status(410) }) + "\n"));

    /// <summary>The next watch is refused.</summary>
    public void NextWatchIs(int status, string? retryAfter = null) => _watches.Enqueue(async context =>
    {
        context.Response.StatusCode = status;
        if (retryAfter is not null) context.Response.Headers.RetryAfter = retryAfter;
        await context.Response.WriteAsJsonAsync(Status(status));
    });

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Client.Dispose();
        await _app.DisposeAsync();
        _stop.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (Busy > 0)
        {
            Busy--;
            context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            context.Response.Headers.RetryAfter = "1";
            return;
        }

        context.Response.ContentType = "application/json";
        if (context.Request.Query["watch"] != "true")
        {
            if (Asked.Contains("list") && Later is { } later) (Names, Version) = later;
            Asked.Enqueue("list");
            await context.Response.WriteAsJsonAsync(new
            {
                apiVersion = "v1",
                kind = "ConfigMapList",
                metadata = new { resourceVersion = Version },
                items = Names.Select(name => ConfigMap(name, Version)),
            });
            return;
        }

        Asked.Enqueue($"watch {context.Request.Query["resourceVersion"]}");
        if (_watches.TryDequeue(out var next)) await next(context);
        else await HoldAsync(context);
    }

    /// <summary>Nothing happens for as long as the test lasts.</summary>
    private async Task HoldAsync(HttpContext context)
    {
        await context.Response.Body.FlushAsync();
        var over = new TaskCompletionSource();
        await using var gone = context.RequestAborted.Register(() => over.TrySetResult());
        await using var stopped = _stop.Token.Register(() => over.TrySetResult());
        await over.Task;
    }

    private static object ConfigMap(string name, string version) => new
    {
        apiVersion = "v1",
        kind = "ConfigMap",
        metadata = new { name, resourceVersion = version, labels = new Dictionary<string, string> { ["app"] = "wordpress-clone" } },
    };

    private static object Status(int code) => new { kind = "Status", apiVersion = "v1", status = "Failure", message = "laid down by the test", reason = "Expired", code };
}
