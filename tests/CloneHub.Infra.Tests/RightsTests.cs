using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CloneHub.Infra.Tests;

/// <summary>Goal 4: rights are as small as they can be, and as large as they must be.</summary>
[Trait("Needs", "infra")]
public sealed partial class RightsTests
{
    private const string BackEnd = "src/Modules/Provisioning/Kubernetes";

    private static readonly Dictionary<string, string> Verbs = new()
    {
        ["Read"] = "get",
        ["List"] = "list",
        ["Create"] = "create",
        ["Patch"] = "patch",
        ["Delete"] = "delete",
        ["Replace"] = "update",
        ["WatchList"] = "watch",
    };

    [KubectlFact]
    public async Task Goal_4_no_rule_says_everything()
    {
        var roles = await RolesAsync();
        var rules = roles.SelectMany(role => role.Object["rules"]!.AsArray().Select(rule => (role, rule: rule!))).ToList();

        Assert.True(rules.Count > 20, $"Only {rules.Count} rules were examined.");
        Assert.Empty(rules.Where(r => (string[])["verbs", "resources", "apiGroups"] is var lists && lists.Any(list => r.rule[list]!.AsArray().Any(v => (string)v! == "*")))
            .Select(r => r.role.ToString()));
        Assert.DoesNotContain(await Kubectl.BuildAsync("platform"), m => m.Kind == "ClusterRoleBinding");
    }

    [KubectlFact]
    public async Task Goal_4_no_role_reads_secrets() => Assert.Empty((await RolesAsync())
        .Where(role => Rights(role).Any(right => right is { Resource: "secrets", Verb: "get" or "list" or "watch" }))
        .Select(role => role.ToString()));

    [KubectlFact]
    public async Task Goal_4_the_provisioner_works_in_the_namespace_of_clones_only()
    {
        var bindings = (await Kubectl.BuildAsync("platform")).Where(m => m.Kind.EndsWith("RoleBinding", StringComparison.Ordinal))
            .Where(m => (m.Object["subjects"] as JsonArray ?? []).Any(s => (string?)s!["kind"] == "ServiceAccount" && (string?)s["name"] == "clonehub")).ToList();

        Assert.True(bindings.Count >= 2);
        Assert.All(bindings, binding => Assert.Equal(("RoleBinding", "clonehub-clones"), (binding.Kind, binding.Namespace)));
    }

    /// <summary>By its code; CloneHub.Kube.Tests compares the calls themselves, where there is a cluster.</summary>
    [ChainFact]
    public async Task Goal_4_every_call_of_the_back_end_is_allowed_and_every_right_is_used()
    {
        var roles = (await Kubectl.BuildAsync("platform")).Concat((await Rendered.OverlaysAsync()).Where(m => m.From.EndsWith("httproute", StringComparison.Ordinal)))
            .Where(m => m.Kind == "Role" && m.Name.StartsWith("clonehub-clones", StringComparison.Ordinal));
        var allowed = roles.SelectMany(Rights).ToHashSet();
        var called = Directory.GetFiles(Repository.PathOf(BackEnd), "*.cs", SearchOption.AllDirectories).SelectMany(file => CallsIn(File.ReadAllText(file))).ToHashSet();

        // kubectl, with which a person runs the agent, asks for create where the back end's WebSocket asks for get.
        called.Add(("", "pods/exec", "create"));
        Assert.True(called.Count > 8, $"Only {called.Count} calls were found.");
        Assert.Empty(called.Except(allowed));
        Assert.Empty(allowed.Except(called));
    }

    [Fact]
    public void Calls_of_the_client_are_recognised() => Assert.Equal(
        new HashSet<(string, string, string)> { ("", "secrets", "create"), ("", "secrets", "patch"), ("networking.k8s.io", "ingresses", "get"), ("", "pods/exec", "get") },
        [.. CallsIn("cluster.CoreV1.PatchNamespacedSecretAsync(x, f, force: true); n.NetworkingV1.ReadNamespacedIngressAsync(y); c.WebSocketNamespacedPodExecAsync(z)")]);

    [KubectlFact]
    public async Task Goal_4_clones_are_entered_by_the_agent_only()
    {
        var policy = (await Kubectl.BuildAsync("platform")).Single(m => m is { Kind: "ValidatingAdmissionPolicy", Name: "clonehub-exec" });
        var expressions = policy["spec/validations"]!.AsArray().Select(v => (string)v!["expression"]!).ToList();

        Assert.Contains(expressions, e => e.Contains("object.container == 'wordpress'", StringComparison.Ordinal));
        Assert.Contains(expressions, e => e.Contains("object.command[0] == '/usr/local/bin/clonehub-agent'", StringComparison.Ordinal));
        Assert.All((await Kubectl.BuildAsync("platform")).Where(m => m.Kind == "ValidatingAdmissionPolicyBinding"),
            binding => Assert.Equal(["Deny", "Audit"], binding["spec/validationActions"]!.AsArray().Select(a => (string)a!)));
    }

    /// <summary>A pipeline that may not touch one kind applies an overlay by half. Components with rights of their own are an administrator's business.</summary>
    [ChainFact]
    public async Task Goal_4_a_pipeline_may_apply_every_object_of_an_overlay()
    {
        var rights = Rights((await RolesAsync()).Single(role => role is { Kind: "ClusterRole", Name: "clonehub-deployer" })).ToHashSet();
        var objects = (await Rendered.OverlaysAsync()).Where(m => m.From is "overlays/staging" or "overlays/prod").ToList();

        Assert.Contains(objects, m => m.Kind == "ScaledObject");
        Assert.All(objects, m => Assert.Equal("clonehub", m.Namespace));
        Assert.Empty(objects.SelectMany(m => (string[])["get", "create", "patch", "delete"], (m, verb) => (Group: m.ApiVersion.Contains('/') ? m.ApiVersion.Split('/')[0] : "", Plural(m.Kind), verb)).Distinct().Except(rights));
    }

    private static async Task<IReadOnlyList<Manifest>> RolesAsync() =>
        [.. (await Kubectl.BuildAsync("platform")).Where(m => m.Kind is "Role" or "ClusterRole")];

    private static IEnumerable<(string Group, string Resource, string Verb)> Rights(Manifest role) =>
        from rule in role.Object["rules"]!.AsArray()
        from groupName in rule["apiGroups"]!.AsArray()
        from resource in rule["resources"]!.AsArray()
        from verb in rule["verbs"]!.AsArray()
        select ((string)groupName!, (string)resource!, (string)verb!);

    private static IEnumerable<(string Group, string Resource, string Verb)> CallsIn(string code)
    {
        foreach (Match call in Call().Matches(code))
        {
            var group = call.Groups[1].Value switch { "Core" => "", "Apps" => "apps", "Networking" => "networking.k8s.io", var other => other.ToLowerInvariant() };
            var verb = Verbs[call.Groups[2].Value];
            var resource = Plural(call.Groups[3].Value);
            yield return (group, resource, verb);

            // To apply what is not there is to create it.
            if (verb == "patch") yield return (group, resource, "create");
        }

        foreach (Match call in Custom().Matches(code))
        {
            var verb = Verbs[call.Groups[1].Value];
            yield return ("gateway.networking.k8s.io", "httproutes", verb);
            if (verb == "patch") yield return ("gateway.networking.k8s.io", "httproutes", "create");
        }

        if (code.Contains("WebSocketNamespacedPodExecAsync(", StringComparison.Ordinal)) yield return ("", "pods/exec", "get");
    }

    private static string Plural(string kind) => kind switch { "Ingress" => "ingresses", "PodLog" => "pods/log", "NetworkPolicy" => "networkpolicies", _ => kind.ToLowerInvariant() + "s" };

    [GeneratedRegex(@"\b(Core|Apps|Networking)V1\.(Read|List|Create|Patch|Delete|Replace|WatchList)Namespaced(\w+?)(?:WithHttpMessages)?Async\(")]
    private static partial Regex Call();

    [GeneratedRegex(@"CustomObjects\.(List|Patch|WatchList)NamespacedCustomObjectAsync[<(]")]
    private static partial Regex Custom();
}
