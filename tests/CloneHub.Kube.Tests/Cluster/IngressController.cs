using System.Globalization;
using CloneHub.Dev.Servers;
using CloneHub.Provisioning.Kubernetes.Manifests;
using CloneHub.Provisioning.Kubernetes.Watching;
using k8s;
using k8s.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace CloneHub.Kube.Tests.Cluster;

/// <summary>A small ingress controller: leads requests by their host to the Service that an Ingress of its class, or an HTTPRoute, names, on the service's address in the cluster.</summary>
internal sealed class IngressController : IAsyncDisposable
{
    public const string Class = "clonehub-test";

    private static readonly ForwarderRequestConfig Limits = new() { ActivityTimeout = TimeSpan.FromSeconds(315) };

    private readonly CancellationTokenSource _stop = new();
    private readonly HttpMessageInvoker _invoker = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, UseProxy = false });
    private readonly Informer<V1Ingress> _ingresses;
    private readonly Informer<V1Service> _services;
    private readonly Informer<HttpRoute>? _routes;
    private readonly Task _watching;
    private WebApplication _door = null!;

    private IngressController(IKubernetes cluster, string space, bool knowsRoutes)
    {
        var kinds = new WatchedKinds(cluster, space);
        _ingresses = new Informer<V1Ingress>(kinds.Ingresses, () => { }, (_, _) => { }, TimeProvider.System);
        _services = new Informer<V1Service>(kinds.Services, () => { }, (_, _) => { }, TimeProvider.System);
        if (knowsRoutes) _routes = new Informer<HttpRoute>(kinds.HttpRoutes, () => { }, (_, _) => { }, TimeProvider.System);
        _watching = Task.WhenAll(_ingresses.RunAsync(_stop.Token), _services.RunAsync(_stop.Token), _routes?.RunAsync(_stop.Token) ?? Task.CompletedTask);
    }

    public int Port { get; private set; }

    /// <param name="knowsRoutes">The cluster knows HTTPRoutes.</param>
    public static async Task<IngressController> StartAsync(IKubernetes cluster, string space, bool knowsRoutes = false)
    {
        var controller = new IngressController(cluster, space, knowsRoutes) { Port = Ports.Free() };
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{controller.Port}"));
        builder.Services.AddHttpForwarder();
        controller._door = builder.Build();
        var forwarder = controller._door.Services.GetRequiredService<IHttpForwarder>();
        controller._door.Run(context => controller.LeadAsync(context, forwarder));
        await controller._door.StartAsync();
        await Task.WhenAll(controller._ingresses.Synced, controller._services.Synced, controller._routes?.Synced ?? Task.CompletedTask).WaitAsync(TimeSpan.FromSeconds(30));
        return controller;
    }

    public async ValueTask DisposeAsync()
    {
        await _door.DisposeAsync();
        await _stop.CancelAsync();
        await _watching;
        _invoker.Dispose();
        _stop.Dispose();
    }

    private async Task LeadAsync(HttpContext context, IHttpForwarder forwarder)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = null;
        if (BackendOf(context.Request.Host.Host) is not var (service, port) || _services.Find(service)?.Spec.ClusterIP is not { } address)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        await forwarder.SendAsync(context, $"http://{address}:{port}", _invoker, Limits, Transformer.Instance);
    }

    private (string Service, int Port)? BackendOf(string host)
    {
        var rule = _ingresses.Items.Where(ingress => ingress.Spec.IngressClassName == Class).SelectMany(ingress => ingress.Spec.Rules).FirstOrDefault(rule => rule.Host == host);
        if (rule?.Http.Paths[0].Backend.Service is { } service) return (service.Name, service.Port.Number!.Value);
        return _routes?.Items.FirstOrDefault(route => route.Spec!.Hostnames.Contains(host))?.Spec!.Rules[0].BackendRefs[0] is { } backend ? (backend.Name, backend.Port) : null;
    }

    /// <summary>Like every controller: the public's host goes on to the clone.</summary>
    private sealed class Transformer : HttpTransformer
    {
        public static readonly Transformer Instance = new();

        public override async ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            proxyRequest.Headers.Host = httpContext.Request.Host.Value;
            proxyRequest.Headers.TryAddWithoutValidation("X-Forwarded-Proto", httpContext.Request.Scheme);
            proxyRequest.Headers.TryAddWithoutValidation("X-Forwarded-For", "127.0.0.1");
        }
    }
}
