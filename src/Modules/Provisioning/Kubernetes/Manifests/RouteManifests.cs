using CloneHub.Contracts;
using k8s;
using k8s.Models;

namespace CloneHub.Provisioning.Kubernetes.Manifests;

/// <summary>What leads the public to a clone. One host name for each clone: a path would break WordPress' cookies and redirects.</summary>
internal static class RouteManifests
{
    // Clones take uploads of 128 MB and requests of 300 seconds; controllers stop at 1 MB and 60 seconds unless they are told.
    private static readonly Dictionary<string, string> Limits = new()
    {
        ["nginx.ingress.kubernetes.io/proxy-body-size"] = "144m",
        ["nginx.ingress.kubernetes.io/proxy-read-timeout"] = "315",
        ["nginx.ingress.kubernetes.io/proxy-send-timeout"] = "315",
    };

    public static V1Ingress Ingress(CloneSpec spec, KubernetesOptions options)
    {
        var address = options.PublicUrlOf(OwnerOf(spec));
        return new V1Ingress
        {
            ApiVersion = "networking.k8s.io/v1",
            Kind = "Ingress",
            Metadata = spec.Metadata(options.Namespace, spec.Labels, new Dictionary<string, string>(Limits)),
            Spec = new V1IngressSpec
            {
                IngressClassName = options.IngressClass.Length > 0 ? options.IngressClass : null,
                Tls = address.Scheme == Uri.UriSchemeHttps
                    ? [new V1IngressTLS { Hosts = [address.Host], SecretName = options.TlsSecretName.Length > 0 ? options.TlsSecretName : null }]
                    : null,
                Rules =
                [
                    new V1IngressRule
                    {
                        Host = address.Host,
                        Http = new V1HTTPIngressRuleValue { Paths = [new V1HTTPIngressPath { Path = "/", PathType = "Prefix", Backend = Backend(spec) }] },
                    },
                ],
            },
        };
    }

    public static HttpRoute HttpRoute(CloneSpec spec, KubernetesOptions options)
    {
        var gateway = options.Gateway.Split('/');
        return new HttpRoute
        {
            ApiVersion = $"{Manifests.HttpRoute.Group}/{Manifests.HttpRoute.Version}",
            Kind = Manifests.HttpRoute.Named,
            Metadata = spec.Metadata(options.Namespace, spec.Labels),
            Spec = new HttpRouteSpec(
                [new HttpRouteParent(gateway[0], gateway[1])],
                [options.PublicUrlOf(OwnerOf(spec)).Host],
                [new HttpRouteRule([new HttpRouteBackend(spec.Name, 80)], new HttpRouteTimeouts("315s"))]),
        };
    }

    private static JobId OwnerOf(CloneSpec spec) => spec.Owner ?? throw new InvalidOperationException($"{spec.Job} is nobody's and has no address.");

    private static V1IngressBackend Backend(CloneSpec spec) =>
        new() { Service = new V1IngressServiceBackend { Name = spec.Name, Port = new V1ServiceBackendPort { Number = 80 } } };
}

/// <summary>As much of the Gateway API's HTTPRoute as a clone needs; the client knows built-in kinds only.</summary>
internal sealed class HttpRoute : IKubernetesObject<V1ObjectMeta>
{
    public const string Named = "HTTPRoute";
    public const string Group = "gateway.networking.k8s.io";
    public const string Version = "v1";
    public const string Plural = "httproutes";

    public string ApiVersion { get; set; } = "";

    public string Kind { get; set; } = "";

    public V1ObjectMeta Metadata { get; set; } = new();

    public HttpRouteSpec? Spec { get; set; }
}

internal sealed class HttpRouteList : IKubernetesObject<V1ListMeta>, IItems<HttpRoute>
{
    public string ApiVersion { get; set; } = "";

    public string Kind { get; set; } = "";

    public V1ListMeta Metadata { get; set; } = new();

    public IList<HttpRoute> Items { get; set; } = [];
}

internal sealed record HttpRouteSpec(IReadOnlyList<HttpRouteParent> ParentRefs, IReadOnlyList<string> Hostnames, IReadOnlyList<HttpRouteRule> Rules);

internal sealed record HttpRouteParent(string Namespace, string Name);

internal sealed record HttpRouteRule(IReadOnlyList<HttpRouteBackend> BackendRefs, HttpRouteTimeouts Timeouts);

internal sealed record HttpRouteBackend(string Name, int Port);

internal sealed record HttpRouteTimeouts(string Request);
