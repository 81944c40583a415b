using CloneHub.Provisioning.Kubernetes.Manifests;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CloneHub.Provisioning.Kubernetes;

/// <summary>One thing that CloneHub does in the namespace of the clones.</summary>
/// <param name="Resource">With its subresource: <c>pods/exec</c>.</param>
internal sealed record ClusterRight(string Verb, string Group, string Resource)
{
    public override string ToString() => $"{Verb} {(Group.Length > 0 ? $"{Resource}.{Group}" : Resource)}";
}

/// <summary>Asks at start whether CloneHub's account may do all that a clone needs, and refuses to start with the name of what it may not.</summary>
internal sealed partial class ClusterAccess(IKubernetes cluster, IOptions<KubernetesOptions> options, ILogger<ClusterAccess> logger) : IHostedService
{
    private const string Apps = "apps";
    private const string Networking = "networking.k8s.io";

    /// <summary>Of a Secret only making and changing it: what it holds is nobody's to read.</summary>
    public static IReadOnlyList<ClusterRight> Needed(RouteKind route) =>
    [
        .. Of("", "configmaps", "get", "list", "watch", "create", "patch", "delete"),
        .. Of("", "secrets", "create", "patch"),
        .. Of("", "services", "list", "watch", "create", "patch"),
        .. Of("", "pods", "list", "watch"),

        // A WebSocket begins with a GET; older clients begin with a POST, and newer servers ask for its right either way.
        .. Of("", "pods/exec", "get", "create"),
        .. Of(Apps, "deployments", "list", "watch", "create", "patch"),
        .. route switch
        {
            RouteKind.Ingress => Of(Networking, "ingresses", "list", "watch", "create", "patch"),
            RouteKind.HttpRoute => Of(HttpRoute.Group, HttpRoute.Plural, "list", "watch", "create", "patch"),
            _ => [],
        },
    ];

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<ClusterRight> missing;
        try
        {
            missing = await MissingAsync(cancellationToken);
        }
        catch (Exception silent) when (silent is HttpOperationException or HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            // A cluster that is away for now is no reason not to start: requests are accepted and wait for it.
            Log.NotAsked(logger, silent);
            return;
        }

        if (missing.Count == 0) return;
        throw new OptionsValidationException(
            KubernetesOptions.Section, typeof(KubernetesOptions),
            [$"In the cluster's namespace {options.Value.Namespace} CloneHub's account may not: {string.Join(", ", missing)}. infra/k8s/base/rbac grants it."]);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>What the account lacks. One question for all; one for each where the server's answer is not complete.</summary>
    public async Task<IReadOnlyList<ClusterRight>> MissingAsync(CancellationToken cancellation)
    {
        var needed = Needed(options.Value.Route);
        var review = await cluster.AuthorizationV1.CreateSelfSubjectRulesReviewAsync(
            new V1SelfSubjectRulesReview { Spec = new V1SelfSubjectRulesReviewSpec { NamespaceProperty = options.Value.Namespace } }, cancellationToken: cancellation);
        var missing = needed.Where(right => !review.Status.ResourceRules.Any(rule => Grants(rule, right))).ToList();
        if (!review.Status.Incomplete || missing.Count == 0) return missing;
        var refused = new List<ClusterRight>();
        foreach (var right in missing)
        {
            if (!await MayAsync(right, cancellation)) refused.Add(right);
        }

        return refused;
    }

    private async Task<bool> MayAsync(ClusterRight right, CancellationToken cancellation)
    {
        var (resource, subresource) = right.Resource.Split('/') is [var whole, var part] ? (whole, part) : (right.Resource, null);
        var answer = await cluster.AuthorizationV1.CreateSelfSubjectAccessReviewAsync(
            new V1SelfSubjectAccessReview
            {
                Spec = new V1SelfSubjectAccessReviewSpec
                {
                    ResourceAttributes = new V1ResourceAttributes
                    {
                        NamespaceProperty = options.Value.Namespace,
                        Verb = right.Verb,
                        Group = right.Group,
                        Resource = resource,
                        Subresource = subresource,
                    },
                },
            },
            cancellationToken: cancellation);
        return answer.Status.Allowed;
    }

    private static bool Grants(V1ResourceRule rule, ClusterRight right) =>
        rule.ResourceNames is not { Count: > 0 } && Has(rule.Verbs, right.Verb) && Has(rule.ApiGroups, right.Group) && Has(rule.Resources, right.Resource);

    private static bool Has(IEnumerable<string>? granted, string wanted) => granted?.Any(entry => entry == "*" || entry == wanted) == true;

    private static IEnumerable<ClusterRight> Of(string group, string resource, params string[] verbs) => verbs.Select(verb => new ClusterRight(verb, group, resource));

    private static partial class Log
    {
        [LoggerMessage(2221, LogLevel.Warning, "The cluster could not be asked what CloneHub's account may do; a right that is missing will show in the first clone")]
        public static partial void NotAsked(ILogger logger, Exception silent);
    }
}
