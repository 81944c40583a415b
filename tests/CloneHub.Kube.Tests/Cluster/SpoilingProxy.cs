using System.Collections.Concurrent;
using System.Globalization;
using CloneHub.Dev.Servers;
using k8s;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace CloneHub.Kube.Tests.Cluster;

/// <summary>What becomes of a call instead of its answer.</summary>
/// <param name="Status">Null: the connection is cut.</param>
/// <param name="RetryAfter">In seconds.</param>
internal sealed record Spoiled(int? Status, int? RetryAfter = null);

/// <summary>Stands before the real API server and spoils of what passes what a test names: faults that the one node of the tests cannot be made to show.</summary>
internal sealed class SpoilingProxy : IAsyncDisposable
{
    private readonly HttpMessageInvoker _invoker;
    private readonly string _server;
    private readonly ConcurrentDictionary<HttpContext, bool> _watches = new();
    private readonly WebApplication _door;

    private SpoilingProxy(KubernetesClientConfiguration way, WebApplication door)
    {
        (_server, _door) = (way.Host, door);
        _invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            UseCookies = false,
            SslOptions = { RemoteCertificateValidationCallback = (sender, certificate, chain, errors) => k8s.Kubernetes.CertificateValidationCallBack(sender, way.SslCaCerts, certificate!, chain!, errors) },
        });
    }

    /// <summary>Asked for every call; null lets it pass.</summary>
    public Func<HttpRequest, Spoiled?> Spoil { get; set; } = _ => null;

    public string Address => _door.Urls.Single();

    public static async Task<SpoilingProxy> StartAsync(string kubeConfig)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Ports.Free()}"));
        builder.Services.AddHttpForwarder();
        var proxy = new SpoilingProxy(KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeConfig), builder.Build());
        proxy._door.UseWebSockets();
        var forwarder = proxy._door.Services.GetRequiredService<IHttpForwarder>();
        proxy._door.Run(context => proxy.PassAsync(context, forwarder));
        await proxy._door.StartAsync();
        return proxy;
    }

    public static bool IsWatch(HttpRequest request) => request.Query["watch"] == "true";

    /// <summary>Cuts every watch that is open.</summary>
    public void CutWatches()
    {
        foreach (var watch in _watches.Keys) watch.Abort();
    }

    public async ValueTask DisposeAsync()
    {
        CutWatches();
        await _door.DisposeAsync();
        _invoker.Dispose();
    }

    private async Task PassAsync(HttpContext context, IHttpForwarder forwarder)
    {
        if (Spoil(context.Request) is { } spoiled)
        {
            await AnswerAsync(context, spoiled);
            return;
        }

        if (IsWatch(context.Request)) _watches[context] = true;
        await forwarder.SendAsync(context, _server, _invoker, ForwarderRequestConfig.Empty, HttpTransformer.Default);
        _watches.TryRemove(context, out _);
    }

    private static async Task AnswerAsync(HttpContext context, Spoiled spoiled)
    {
        if (spoiled.Status is not { } status)
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = status;
        if (spoiled.RetryAfter is { } seconds) context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        await context.Response.WriteAsJsonAsync(new { kind = "Status", apiVersion = "v1", status = "Failure", message = "laid down by the test", code = status });
    }
}
