using System.Text.Json.Nodes;
using Cel;

namespace CloneHub.Infra.Tests;

/// <summary>What the admission policies say to pods and to who enters them, by an evaluator of CEL: what a server of Kubernetes would do with the answer is not tried here.</summary>
[Trait("Needs", "infra")]
public sealed class PolicyTests
{
    private const string Agent = "/usr/local/bin/clonehub-agent";
    private const string Image = "registry.example/clonehub/wordpress@sha256:0000000000000000000000000000000000000000000000000000000000000000";

    [KubectlTheory]
    [InlineData("exec", "wordpress", Agent, true)]
    [InlineData("exec", "wordpress", "/bin/sh", false)]
    [InlineData("exec", "other", Agent, false)]
    [InlineData("exec", null, Agent, false)]
    [InlineData("exec", "wordpress", null, false)]
    [InlineData("attach", "wordpress", null, false)]
    [InlineData("portforward", null, null, false)]
    public async Task A_clone_is_entered_by_its_agent_only(string subResource, string? container, string? program, bool allowed)
    {
        var options = new JsonObject();
        if (container is not null) options["container"] = container;
        if (program is not null) options["command"] = new JsonArray(program, "import");
        var request = new JsonObject { ["resource"] = new JsonObject { ["resource"] = "pods" }, ["subResource"] = subResource };

        Assert.Equal(allowed, (await RefusalsAsync("clonehub-exec", options, request)).Count == 0);
    }

    [KubectlFact]
    public async Task A_pod_as_the_product_makes_it_is_let_in() => Assert.Empty(await RefusalsAsync("clonehub-clone-pods", Pod()));

    [KubectlTheory]
    [InlineData("image", "registry.example/clonehub/wordpress:latest", "named by digest")]
    [InlineData("image", "docker.io/stranger/miner@sha256:0000000000000000000000000000000000000000000000000000000000000000", "configured registry")]
    [InlineData("init", "docker.io/stranger/miner@sha256:0000000000000000000000000000000000000000000000000000000000000000", "init containers too")]
    [InlineData("token", "true", "no service-account token")]
    [InlineData("token", null, "no service-account token")]
    [InlineData("account", "clonehub", "no service account of its own")]
    [InlineData("label", null, "belongs to a job")]
    [InlineData("label", "", "belongs to a job")]
    public async Task A_pod_that_is_anything_else_is_refused_with_a_reason(string what, string? value, string reason)
    {
        var pod = Pod();
        var spec = pod["spec"]!.AsObject();
        switch (what)
        {
            case "image": spec["containers"]![0]!["image"] = value; break;
            case "init": spec["initContainers"] = new JsonArray(new JsonObject { ["image"] = value }); break;
            case "account": spec["serviceAccountName"] = value; break;
            case "label" when value is null: pod["metadata"]!.AsObject().Remove("labels"); break;
            case "label": pod["metadata"]!["labels"]!["clonehub.io/job"] = value; break;
            case "token" when value is null: spec.Remove("automountServiceAccountToken"); break;
            default: spec["automountServiceAccountToken"] = true; break;
        }

        Assert.Contains(reason, Assert.Single(await RefusalsAsync("clonehub-clone-pods", pod)), StringComparison.Ordinal);
    }

    private static JsonObject Pod() => new()
    {
        ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["app"] = "wordpress-clone", ["clonehub.io/job"] = "job-1" } },
        ["spec"] = new JsonObject
        {
            ["automountServiceAccountToken"] = false,
            ["containers"] = new JsonArray(new JsonObject { ["name"] = "wordpress", ["image"] = Image }),
        },
    };

    /// <summary>Messages of the rules that are not kept.</summary>
    private static async Task<IReadOnlyList<string>> RefusalsAsync(string policy, JsonObject asked, JsonObject? request = null)
    {
        var platform = await Kubectl.BuildAsync("platform");
        var rules = platform.Single(m => m.Kind == "ValidatingAdmissionPolicy" && m.Name == policy)["spec/validations"]!.AsArray();
        var variables = new Dictionary<string, object?>
        {
            ["object"] = Plain(asked),
            ["request"] = Plain(request),
            ["params"] = Plain(platform.Single(m => m is { Kind: "ConfigMap", Name: "clone-images" }).Object),
        };
        var language = new CelEnvironment(null, null);
        return [.. rules.Where(rule => language.Compile((string)rule!["expression"]!)(variables) is not true).Select(rule => (string)rule!["message"]!)];
    }

    private static object? Plain(JsonNode? node) => node switch
    {
        JsonObject map => map.ToDictionary(entry => entry.Key, entry => Plain(entry.Value)),
        JsonArray list => list.Select(Plain).ToArray(),
        JsonValue value when value.TryGetValue<bool>(out var truth) => truth,
        _ => node?.ToString(),
    };
}
