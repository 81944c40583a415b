using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace CloneHub.Infra.Tests;

/// <summary>
/// As much of an API server, over TLS, as kubectl needs to apply, wait and delete. It takes the kinds of the objects that it is told of, keeps
/// what is applied, and remembers every call.
/// </summary>
internal sealed class StubCluster : IAsyncDisposable
{
    private static readonly string[] ClusterWide = ["Namespace", "PriorityClass", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ClusterRole",
        "StorageClass", "NodePool", "NodeClaim", "EC2NodeClass", "CustomResourceDefinition"];

    private readonly ConcurrentDictionary<string, JsonObject> _objects = new();
    private readonly ConcurrentQueue<(string Call, string? Token)> _calls = new();
    private readonly ILookup<string, string> _kinds;
    private readonly WebApplication _app;

    private StubCluster(WebApplication app, string authority, ILookup<string, string> kinds) => (_app, Authority, _kinds) = (app, authority, kinds);

    public string Address => _app.Urls.Single();

    /// <summary>The certificate that clients must trust, as a kubeconfig holds it.</summary>
    public string Authority { get; }

    /// <summary>What changed something, as "PATCH /path".</summary>
    public IReadOnlyList<string> Changes => [.. _calls.Select(c => c.Call).Where(call => !call.StartsWith("GET", StringComparison.Ordinal))];

    public IReadOnlySet<string?> Tokens => _calls.Select(c => c.Token).ToHashSet();

    public static async Task<StubCluster> StartAsync(IEnumerable<Manifest> objects)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=stub", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        var certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.UseHttps(certificate);
        }));
        var app = builder.Build();
        var kinds = objects.Select(o => (o.ApiVersion, o.Kind))
            .Concat([("apiextensions.k8s.io/v1", "CustomResourceDefinition"), ("karpenter.sh/v1", "NodeClaim"), ("karpenter.sh/v1", "NodePool"), ("v1", "Service"), ("v1", "Secret"), ("v1", "ConfigMap")])
            .Distinct().ToLookup(k => k.Item1, k => k.Item2);
        var stub = new StubCluster(app, Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(certificate.ExportCertificatePem())), kinds);
        app.Run(stub.AnswerAsync);
        await app.StartAsync();
        return stub;
    }

    /// <summary>A file that leads kubectl here.</summary>
    public string Kubeconfig(string folder)
    {
        var file = Path.Combine(folder, "kubeconfig");
        File.WriteAllText(file, $$"""
            apiVersion: v1
            kind: Config
            current-context: stub
            clusters: [{ name: stub, cluster: { server: "{{Address}}", certificate-authority-data: "{{Authority}}" } }]
            contexts: [{ name: stub, context: { cluster: stub, user: stub } }]
            users: [{ name: stub, user: { token: stub } }]
            """);
        return file;
    }

    public void Add(string path, JsonObject value) => _objects[path] = value;

    public bool Has(string path) => _objects.ContainsKey(path);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!.TrimEnd('/');
        var dryRun = context.Request.Query["dryRun"].Count > 0 ? " (dry run)" : "";
        _calls.Enqueue(($"{context.Request.Method} {path}{dryRun}", context.Request.Headers.Authorization));
        var answer = context.Request.Method switch
        {
            "GET" => Discover(path) ?? Read(path, context.Request.Query["fieldSelector"].ToString(), context.Request.Query["labelSelector"].ToString()),
            "PATCH" => await ApplyAsync(path, context.Request),
            "DELETE" => _objects.TryRemove(path, out var gone) ? gone : null,
            _ => null,
        };
        context.Response.StatusCode = answer is null ? 404 : 200;
        await context.Response.WriteAsJsonAsync(answer ?? Status(path));
    }

    private async Task<JsonObject> ApplyAsync(string path, HttpRequest request)
    {
        // Kubernetes takes JSON for YAML, and kubectl sends it.
        using var reader = new StreamReader(request.Body);
        var applied = JsonNode.Parse(await reader.ReadToEndAsync())!.AsObject();
        applied["metadata"]!["uid"] = Guid.NewGuid().ToString();
        applied["metadata"]!["resourceVersion"] = "1";
        if (request.Query["dryRun"].Count == 0) _objects[path] = applied;
        return applied;
    }

    private JsonObject? Read(string path, string fieldSelector, string labelSelector)
    {
        if (_objects.TryGetValue(path, out var one)) return one.DeepClone().AsObject();
        var resource = path.Split('/')[^1];
        if (_kinds.SelectMany(group => group.Select(kind => (group.Key, kind))).FirstOrDefault(k => Plural(k.kind) == resource) is not { kind: not null } listed) return null;
        var name = fieldSelector.Replace("metadata.name=", "", StringComparison.Ordinal);
        var items = _objects.Where(o => o.Key.StartsWith($"{path}/", StringComparison.Ordinal) && (name == "" || o.Key.EndsWith($"/{name}", StringComparison.Ordinal)))
            .Where(o => labelSelector.Split(',', StringSplitOptions.RemoveEmptyEntries).All(wanted => Bears(o.Value, wanted)))
            .Select(o => (JsonNode)o.Value.DeepClone()).ToArray();
        return new JsonObject { ["apiVersion"] = listed.Key, ["kind"] = $"{listed.kind}List", ["metadata"] = new JsonObject { ["resourceVersion"] = "1" }, ["items"] = new JsonArray(items) };
    }

    /// <param name="wanted">"name" or "name=value".</param>
    private static bool Bears(JsonObject map, string wanted) =>
        map["metadata"]!["labels"]?[wanted.Split('=')[0]] is { } label && (!wanted.Contains('=') || (string)label! == wanted.Split('=')[1]);

    private JsonObject? Discover(string path) => path.Split('/') switch
    {
        [_, "api"] => new JsonObject { ["kind"] = "APIVersions", ["versions"] = new JsonArray("v1") },
        [_, "apis"] => new JsonObject { ["kind"] = "APIGroupList", ["apiVersion"] = "v1", ["groups"] = new JsonArray([.. _kinds.Where(k => k.Key.Contains('/')).Select(k => (JsonNode)Group(k.Key))]) },
        [_, "api", "v1"] => Resources("v1"),
        [_, "apis", var group, var version] => Resources($"{group}/{version}"),
        [_, "openapi", "v3"] => new JsonObject { ["paths"] = new JsonObject([.. _kinds.Select(k => KeyValuePair.Create(Home(k.Key), (JsonNode?)new JsonObject { ["serverRelativeURL"] = $"/openapi/v3/{Home(k.Key)}" }))]) },
        [_, "openapi", "v3", .. var home] => Operations(string.Join('/', home)),
        _ => null,
    };

    private static string Home(string groupVersion) => groupVersion.Contains('/') ? $"apis/{groupVersion}" : $"api/{groupVersion}";

    /// <summary>That a PATCH of each kind refuses unknown fields if it is asked to: kubectl looks for that before it leaves it to the server.</summary>
    private JsonObject Operations(string home)
    {
        var (group, version) = home.Split('/') is [_, var g, var v] ? (g, v) : ("", "v1");
        return new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = "stub", ["version"] = "1" },
            ["paths"] = new JsonObject([.. _kinds[$"{group}/{version}".TrimStart('/')].Select(kind => KeyValuePair.Create($"/{home}/{Plural(kind)}/{{name}}", (JsonNode?)new JsonObject
            {
                ["patch"] = new JsonObject
                {
                    ["x-kubernetes-group-version-kind"] = new JsonObject { ["group"] = group, ["version"] = version, ["kind"] = kind },
                    ["parameters"] = new JsonArray(new JsonObject { ["name"] = "fieldValidation", ["in"] = "query" }, new JsonObject { ["name"] = "dryRun", ["in"] = "query" }),
                },
            }))]),
        };
    }

    private static JsonObject Group(string groupVersion)
    {
        var version = new JsonObject { ["groupVersion"] = groupVersion, ["version"] = groupVersion.Split('/')[1] };
        return new JsonObject { ["name"] = groupVersion.Split('/')[0], ["versions"] = new JsonArray(version), ["preferredVersion"] = version.DeepClone() };
    }

    private JsonObject Resources(string groupVersion) => new()
    {
        ["kind"] = "APIResourceList",
        ["apiVersion"] = "v1",
        ["groupVersion"] = groupVersion,
        ["resources"] = new JsonArray([.. _kinds[groupVersion].Select(kind => (JsonNode)new JsonObject
        {
            ["name"] = Plural(kind), ["singularName"] = kind.ToLowerInvariant(), ["kind"] = kind, ["namespaced"] = !ClusterWide.Contains(kind),
            ["verbs"] = new JsonArray("get", "list", "watch", "create", "patch", "delete"),
        })]),
    };

    private static string Plural(string kind) => kind.ToLowerInvariant() switch
    {
        var k when k.EndsWith("policy", StringComparison.Ordinal) => k[..^1] + "ies",
        var k when k.EndsWith("ss", StringComparison.Ordinal) => k + "es",
        var k => k + "s",
    };

    private static JsonObject Status(string path) => new()
    {
        ["kind"] = "Status",
        ["apiVersion"] = "v1",
        ["status"] = "Failure",
        ["reason"] = "NotFound",
        ["message"] = $"{path} is not here",
        ["code"] = 404,
    };
}
