using System.Text.Json.Nodes;

namespace CloneHub.Infra.Tests;

/// <summary>Goals 1, 8 and 9 of the infrastructure: everything is checked offline; no secret, no open API server, order of destruction; one apply.</summary>
[Trait("Needs", "infra")]
[Collection(RootRunShared.Name)]
public sealed class TerraformTests(RootRun root)
{
    /// <summary>Fields that Terraform knows to be secret.</summary>
    private static readonly string[] SecretFields = ["password", "password_wo", "secret_string", "auth_token", "token", "private_key"];

    /// <summary>Say true where a value is secret or not yet known; they hold none.</summary>
    private static readonly string[] Marks = ["sensitive_values", "before_sensitive", "after_sensitive", "after_unknown"];

    [TerraformFact]
    public async Task Goal_1_files_are_in_Terraforms_own_form() =>
        Assert.Equal("", (await root.Terraform.RunAsync("", ["fmt", "-check", "-recursive", "-no-color"])).Text);

    [TerraformFact]
    public async Task Goal_1_the_configuration_is_valid() => Assert.Contains("valid", (await root.Terraform.RunAsync("", ["validate", "-no-color"])).Text);

    [TerraformFact]
    public void Goal_1_every_test_of_the_root_and_its_modules_passes()
    {
        Assert.True(root.Runs.Count > 30, $"Only {root.Runs.Count} runs were told of. {root.Complaints()}");
        Assert.Empty(root.Runs.Where(run => run.Status != "pass").Select(run => $"{run.File} {run.Name}: {run.Status} {root.Complaints()}"));
    }

    [TerraformFact]
    public void Goal_1_every_bad_input_is_refused_with_a_sentence()
    {
        var refused = root.Runs.Where(run => run.File.EndsWith("refusals.tftest.hcl", StringComparison.Ordinal)).Select(run => run.Name).ToList();

        Assert.Superset((HashSet<string>)["an_open_api_server_is_refused", "an_old_kubernetes_is_refused", "slots_that_do_not_fit_are_refused",
            "nobody_as_admin_is_refused", "a_missing_domain_is_refused", "a_budget_of_zero_is_refused"], refused.ToHashSet());
    }

    /// <summary>What a person reads. Two plans, because the estimate that the budget is compared with needs a buffer that fits.</summary>
    [TerraformFact]
    public async Task Goal_1_a_refusal_says_what_to_write_instead()
    {
        var said = await RefusalAsync("public_access_cidrs=[\"0.0.0.0/0\"]", "kubernetes_version=1.32", "admins={}", "domain=", "budget_usd=0");
        var slots = await RefusalAsync("buffer={nodes=2,slots=27}");

        Assert.All((string[])["such as [\"198.51.100.7/32\"]", "must be \"1.34\" or \"1.35\"", "Write { you = \"<ARN>\" }", "such as \"clones.your-company.net\"", "about 300 leaves room"],
            advice => Assert.Contains(advice, said, StringComparison.Ordinal));
        Assert.Contains("Write buffer.slots = 26 or less", slots, StringComparison.Ordinal);
    }

    private async Task<string> RefusalAsync(params string[] variables)
    {
        string[] good = ["environment=staging", "domain=clones.example.net", "admins={x=\"arn:aws:iam::111122223333:role/x\"}", "budget_usd=400", "budget_email=bill@example.net", "node_ami_version=v20260702"];
        var answer = await root.Terraform.RunAsync("", ["plan", "-input=false", "-no-color", "-compact-warnings", .. good.Concat(variables).Select(v => $"-var={v}")],
            ("AWS_ACCESS_KEY_ID", ""), ("AWS_CONFIG_FILE", "/dev/null"), ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"));
        Assert.NotEqual(0, answer.Code);

        // Lines are broken and framed.
        return string.Join(' ', answer.Errors.Split('\n').Select(line => line.Trim('│', '╷', '╵', ' ')));
    }

    [TerraformFact]
    public async Task Goal_1_modules_without_providers_have_tests_of_their_own()
    {
        using var copy = Terraform.Copy();
        _ = (await copy.RunAsync("modules/kube_objects", ["init", "-input=false", "-no-color"])).Text;

        Assert.Contains("Success! 6 passed", (await copy.RunAsync("modules/kube_objects", ["test", "-no-color"])).Text);
    }

    [TerraformFact]
    public void Goal_8_no_secret_is_in_a_plan_or_a_state()
    {
        var told = root.Lines.Where(line => (string?)line["type"] is "test_plan" or "test_state").ToList();
        var secrets = told.SelectMany(line => Fields(line)).Where(field => SecretFields.Contains(field.Name) && field.Value.Length > 0).ToList();

        Assert.True(told.Count >= 5, $"Only {told.Count} plans and states were told.");
        Assert.Contains(told.SelectMany(line => Fields(line)), field => field.Name == "manage_master_user_password" && field.Value == "true");
        Assert.Empty(secrets);
    }

    [TerraformFact]
    public void Goal_8_nobody_reaches_the_API_server_from_anywhere()
    {
        var ranges = root.Lines.SelectMany(line => Fields(line)).Where(field => field.Name == "public_access_cidrs").Select(field => field.Value).Distinct().ToList();

        Assert.Contains("198.51.100.7/32", ranges);
        Assert.DoesNotContain("0.0.0.0/0", ranges);
    }

    [TerraformFact]
    public void Goal_8_on_destroy_node_pools_go_and_with_them_their_instances()
    {
        var kubectl = root.Calls.Where(call => call.StartsWith("kubectl ", StringComparison.Ordinal)).ToList();
        var applied = kubectl.FindIndex(call => call.Contains("apply --server-side", StringComparison.Ordinal));
        var pools = kubectl.FindIndex(call => call.Contains("delete nodepools.karpenter.sh", StringComparison.Ordinal));
        var claims = kubectl.FindIndex(call => call.Contains("delete nodeclaims.karpenter.sh", StringComparison.Ordinal));
        var door = kubectl.FindIndex(call => call.Contains("delete services --namespace clonehub-gateway", StringComparison.Ordinal));

        var clones = kubectl.FindIndex(call => call.Contains("delete configmaps --namespace clonehub-clones --selector app=wordpress-clone", StringComparison.Ordinal));

        Assert.True(applied >= 0 && applied < clones && clones < door && door < pools && pools < claims, string.Join('\n', kubectl));
    }

    [TerraformFact]
    public async Task Goal_8_what_Karpenter_needs_outlives_its_nodes()
    {
        var graph = Graph.Parse((await root.Terraform.RunAsync("", ["graph"])).Text);
        var reached = graph.From("module.kube_apply.terraform_data.teardown");

        // Destruction is the way back: what teardown depends on goes after it.
        Assert.Superset((HashSet<string>)["module.cluster.aws_eks_cluster.this", "module.system_nodes.aws_eks_node_group.this", "module.network.aws_route.nat",
            "module.karpenter.aws_iam_role_policy_attachment.controller", "module.karpenter.aws_sqs_queue.news", "aws_eks_pod_identity_association.karpenter",
            "module.access.aws_eks_access_policy_association.admin"], reached);
        Assert.DoesNotContain("module.data.aws_db_instance.events", reached);
    }

    /// <summary>A node that starts before its network is set up keeps 17 pods instead of 110 and enforces no NetworkPolicy.</summary>
    [TerraformFact]
    public async Task Nodes_wait_for_their_network()
    {
        var graph = Graph.Parse((await root.Terraform.RunAsync("", ["graph"])).Text);

        Assert.Superset((HashSet<string>)["module.cluster.aws_eks_addon.before_nodes", "module.cluster.aws_eks_cluster.this", "module.network.aws_route.nat"],
            graph.From("module.system_nodes.aws_eks_node_group.this"));
    }

    [TerraformFact]
    public void Goal_9_one_apply_brings_charts_then_definitions_then_objects()
    {
        var calls = root.Calls.Select(call => string.Join(' ', call.Split(' ').Take(4))).ToList();
        string[] expected = ["helm upgrade --install karpenter-crd", "helm upgrade --install karpenter", "helm upgrade --install keda", "helm upgrade --install traefik"];

        Assert.Equal(expected, calls.Take(4));
        Assert.All(calls.Skip(4).Take(3), call => Assert.StartsWith("kubectl wait --for=condition=Established", call, StringComparison.Ordinal));
        Assert.StartsWith("kubectl apply --server-side", calls[7], StringComparison.Ordinal);
    }

    [TerraformFact]
    public void Goal_9_a_second_apply_changes_nothing()
    {
        Assert.Contains(root.Runs, run => run.Name == "a_second_apply_changes_nothing" && run.Status == "pass");
        Assert.Single(root.Calls, call => call.StartsWith("kubectl apply", StringComparison.Ordinal));
        Assert.DoesNotContain("-target", Repository.Read("infra/README.md"), StringComparison.Ordinal);
    }

    private static IEnumerable<(string Name, string Value)> Fields(JsonNode? node, string name = "") => node switch
    {
        JsonObject map => map.Where(entry => !Marks.Contains(entry.Key)).SelectMany(entry => Fields(entry.Value, entry.Key)),
        JsonArray list => list.SelectMany(item => Fields(item, name)),
        JsonValue value => [(name, value.ToString())],
        _ => [],
    };
}
