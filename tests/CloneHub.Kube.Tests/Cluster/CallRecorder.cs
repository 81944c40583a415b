using System.Collections.Concurrent;
using CloneHub.Provisioning.Kubernetes;

namespace CloneHub.Kube.Tests.Cluster;

/// <summary>Notes what CloneHub asks of the API server, as a Role would name it.</summary>
internal sealed class CallRecorder : ClusterCallHandler
{
    private readonly ConcurrentQueue<(ClusterRight Right, string? Name)> _calls;

    public CallRecorder() => (_calls, Spaces) = ([], []);

    private CallRecorder(CallRecorder book) => (_calls, Spaces) = (book._calls, book.Spaces);

    /// <summary>Namespace of every call; null for one that has none.</summary>
    public ConcurrentDictionary<string, int> Spaces { get; }

    public IReadOnlyList<ClusterRight> Rights => [.. _calls.Select(call => call.Right).Distinct()];

    /// <summary>A handler for one more client, which writes into the same book.</summary>
    public CallRecorder Again() => new(this);

    /// <summary>Calls about the objects of this name: lists and watches are everybody's.</summary>
    public IReadOnlyList<ClusterRight> CallsFor(string name) => [.. _calls.Where(call => call.Name == name).Select(call => call.Right)];

    public int ListsOf(string resource) => _calls.Count(call => call.Right.Verb == "list" && call.Right.Resource == resource);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        foreach (var call in Read(request)) _calls.Enqueue(call);
        return base.SendAsync(request, cancellationToken);
    }

    private IEnumerable<(ClusterRight Right, string? Name)> Read(HttpRequestMessage request)
    {
        var parts = request.RequestUri!.AbsolutePath.Trim('/').Split('/');
        var group = parts[0] == "api" ? "" : parts[1];
        var rest = parts[(parts[0] == "api" ? 2 : 3)..];
        var space = rest is ["namespaces", var named, _, ..] ? named : null;
        Spaces.AddOrUpdate(space ?? group, 1, (_, count) => count + 1);
        if (space is not null) rest = rest[2..];
        var resource = rest is [var whole, _, var part] ? $"{whole}/{part}" : rest[0];
        var name = rest.Length > 1 ? rest[1] : null;
        var isApply = request.Content?.Headers.ContentType?.MediaType == "application/apply-patch+yaml";
        string[] verbs = request.Method.Method switch
        {
            "GET" when name is not null => ["get"],
            "GET" => [request.RequestUri.Query.Contains("watch=true", StringComparison.Ordinal) ? "watch" : "list"],
            "POST" => ["create"],

            // What is applied and not there yet is created, for which the server asks for both rights.
            "PATCH" => isApply ? ["create", "patch"] : ["patch"],
            "DELETE" => ["delete"],
            var other => [other],
        };
        foreach (var verb in verbs) yield return (new ClusterRight(verb, group, resource), verb == "create" && isApply ? null : name);
    }
}
