using System.Text.RegularExpressions;
using CloneHub.Contracts;
using CloneHub.Provisioning.Database;
using Microsoft.Extensions.Options;

namespace CloneHub.Provisioning.Kubernetes;

/// <summary>How the public reaches a clone.</summary>
internal enum RouteKind
{
    /// <summary>By an Ingress of its own.</summary>
    Ingress,

    /// <summary>By an HTTPRoute of its own.</summary>
    HttpRoute,

    /// <summary>Through CloneHub's own door, to which a wildcard host leads; no object for each clone.</summary>
    Router,
}

/// <summary>Which cluster the clones live in, and how. Section <c>CloneHub:Kubernetes</c>.</summary>
internal sealed class KubernetesOptions
{
    public const string Section = "CloneHub:Kubernetes";

    /// <summary>File that says how to reach the cluster; empty for <c>KUBECONFIG</c> or, in a pod, the pod's own account.</summary>
    public string KubeConfig { get; set; } = "";

    /// <summary>Namespace of the clones and of nothing else.</summary>
    public string Namespace { get; set; } = "clonehub-clones";

    /// <summary>Image of a clone; in production by digest.</summary>
    public string Image { get; set; } = "";

    public string ImagePullPolicy { get; set; } = "IfNotPresent";

    /// <summary>Connection string of an account that may create databases and users on the clones' MariaDB.</summary>
    public string MariaDb { get; set; } = "";

    /// <summary>The same server as pods reach it, <c>host:port</c>; empty for the address of <see cref="MariaDb"/>.</summary>
    public string DatabaseAddress { get; set; } = "";

    /// <summary>Where pods connect from, as MariaDB writes it in an account's name.</summary>
    public string DatabaseClients { get; set; } = "%";

    public RouteKind Route { get; set; } = RouteKind.Ingress;

    /// <summary>Address of a clone with <c>{job_id}</c> as the first label of its host.</summary>
    public string PublicUrlTemplate { get; set; } = "http://{job_id}.localhost:8080";

    /// <summary>Class of the clones' Ingresses; empty for the cluster's default.</summary>
    public string IngressClass { get; set; } = "";

    /// <summary>Secret with the wildcard certificate; empty where the ingress controller has it.</summary>
    public string TlsSecretName { get; set; } = "";

    /// <summary>Gateway of the clones' HTTPRoutes, <c>namespace/name</c>.</summary>
    public string Gateway { get; set; } = "";

    public string PriorityClass { get; set; } = "";

    /// <summary>How long a pod may take to become ready before its step has failed.</summary>
    public TimeSpan StartPatience { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>Time between two looks for what live clones lack, beside those that a change causes.</summary>
    public TimeSpan HealingInterval { get; set; } = TimeSpan.FromSeconds(15);

    public Uri PublicUrlOf(JobId job) => PublicAddress.Of(PublicUrlTemplate, job);
}

/// <summary>Refuses to start with a setting that cannot work, and names it.</summary>
internal sealed partial class KubernetesOptionsValidation : IValidateOptions<KubernetesOptions>
{
    private static readonly string[] PullPolicies = ["IfNotPresent", "Always", "Never"];

    public ValidateOptionsResult Validate(string? name, KubernetesOptions options)
    {
        var wrong = new List<string>();
        void Check(bool holds, string setting, string what)
        {
            if (!holds) wrong.Add($"{KubernetesOptions.Section}:{setting} {what}");
        }

        Check(options.KubeConfig.Length == 0 || File.Exists(options.KubeConfig), nameof(options.KubeConfig), $"names no file: '{options.KubeConfig}'.");
        Check(Label().IsMatch(options.Namespace), nameof(options.Namespace), "must be the name of a namespace.");
        Check(options.Image.Length > 0 && !options.Image.Any(char.IsWhiteSpace), nameof(options.Image), "must name the image of a clone.");
        Check(PullPolicies.Contains(options.ImagePullPolicy), nameof(options.ImagePullPolicy), $"must be one of {string.Join(", ", PullPolicies)}.");
        Check(CloneServer.IsAddress(options.MariaDb), nameof(options.MariaDb), "must be a MariaDB connection string that names a Server.");
        Check(
            options.DatabaseAddress.Length > 0 ? Endpoint().IsMatch(options.DatabaseAddress) : !options.MariaDb.Contains("Server=/", StringComparison.OrdinalIgnoreCase),
            nameof(options.DatabaseAddress), "must be host:port as pods reach MariaDB; it may be left out only if MariaDb names a host.");
        Check(Clients().IsMatch(options.DatabaseClients), nameof(options.DatabaseClients), "must be a host as in a MariaDB account: %, or 10.20.%.");
        Check(PublicAddress.IsTemplate(options.PublicUrlTemplate), nameof(options.PublicUrlTemplate), PublicAddress.Rule);
        Check(
            options.Route != RouteKind.HttpRoute || options.Gateway.Split('/') is [{ Length: > 0 }, { Length: > 0 }],
            nameof(options.Gateway), "must be namespace/name of a Gateway, because Route is httproute.");
        Check(options.StartPatience > TimeSpan.Zero, nameof(options.StartPatience), "must be longer than nothing.");
        Check(options.HealingInterval > TimeSpan.Zero, nameof(options.HealingInterval), "must be longer than nothing.");
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }

    [GeneratedRegex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
    private static partial Regex Label();

    [GeneratedRegex("^[A-Za-z0-9.-]+:[0-9]{1,5}$")]
    private static partial Regex Endpoint();

    [GeneratedRegex("^[A-Za-z0-9.%_:/-]+$")]
    private static partial Regex Clients();
}
