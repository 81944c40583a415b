using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CloneHub.Infra.Tests;

/// <summary>Goal 10: what is said about costs is computed from a table of prices that has a date.</summary>
[Trait("Needs", "infra")]
[Collection(RootRunShared.Name)]
public sealed partial class CostTests(RootRun root)
{
    private static JsonNode Prices => JsonNode.Parse(Repository.Read("infra/prices.json"))!;

    [TerraformFact]
    public void Goal_10_the_estimate_is_the_sum_of_prices_times_amounts()
    {
        var (hour, hours) = (Prices["hourly"]!, (double)Prices["hours_per_month"]!);
        var medium = (double)Prices["instances"]!["t4g.medium"]!["hourly"]!;
        var expected = new Dictionary<string, double>
        {
            ["control_plane"] = (double)hour["eks_control_plane"]! * hours,
            ["nat"] = ((double)hour["nat_gateway"]! + (double)hour["public_ipv4"]!) * hours,
            ["load_balancer"] = ((double)hour["network_load_balancer"]! + (3 * (double)hour["public_ipv4"]!)) * hours,
            ["system_nodes"] = 2 * medium * hours,
            ["general_nodes"] = (double)Prices["instances"]!["c7g.large"]!["hourly"]! * (1 - (double)Prices["spot_discount"]!) * hours,
            ["buffer_nodes"] = 2 * medium * (1 - (double)Prices["spot_discount"]!) * hours,
            ["postgresql"] = ((double)hour["rds_db.t4g.micro"]! * hours) + (20 * (double)Prices["monthly"]!["rds_storage_gib"]!),
            ["mariadb"] = 0,
            ["redis"] = 0,
            ["volumes"] = 70 * (double)Prices["monthly"]!["gp3_gib"]!,
            ["keys"] = 2 * (double)Prices["monthly"]!["kms_key"]!,
        };
        var cost = Output("karpenter.tftest.hcl", "cost");

        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), cost["items"]!.AsObject().Select(item => item.Key).Order(StringComparer.Ordinal));
        Assert.All(cost["items"]!.AsObject(), item => Assert.Equal(expected[item.Key], (double)item.Value!, 0.01));
        Assert.Equal(expected.Values.Sum(), (double)cost["total"]!, 0.05);
        Assert.Equal((string)Prices["date"]!, (string)cost["prices_of"]!);
    }

    /// <summary>What stands there when nothing happens has to stand somewhere: it is added up from the manifests and the values of the charts.</summary>
    [ChainFact]
    public async Task Goal_10_the_estimate_holds_the_nodes_that_the_product_needs()
    {
        var prod = (await Rendered.OverlaysAsync()).Where(m => m.From == "overlays/prod").ToList();
        var workers = (int)prod.Single(m => m is { Kind: "ScaledObject", Name: "worker" })["spec/minReplicaCount"]!;
        var product = prod.Where(m => m.Kind is "StatefulSet" or "Deployment")
            .Select(m => Times(m.Containers.First()["resources"]!["requests"]!, m.Name == "worker" ? workers : (int)m["spec/replicas"]!));
        var (karpenter, keda, traefik) = (Values("karpenter"), Values("keda"), Values("traefik"));
        var charts = keda["resources"]!.AsObject().Select(part => Times(part.Value!["requests"]!, 1))
            .Append(Times(karpenter["controller"]!["resources"]!["requests"]!, (int)karpenter["replicas"]!))
            .Append(Times(traefik["resources"]!["requests"]!, (int)traefik["deployment"]!["replicas"]!));
        var requests = Output("karpenter.tftest.hcl", "cost")["requests"]!;

        // The rest is for the add-ons of EKS.
        Assert.Equal((500, 1024), ((int)requests["cpu_m"]! - product.Concat(charts).Sum(r => r.Cpu), (int)requests["memory_mi"]! - product.Concat(charts).Sum(r => r.Memory)));
    }

    private static JsonObject Values(string chart) => Manifest.Parse(Repository.Read($"infra/k8s/values/{chart}.yaml"), chart).Single().Object;

    private static (int Cpu, int Memory) Times(JsonNode requests, int count)
    {
        var memory = (string)requests["memory"]!;
        var mebibytes = int.Parse(memory[..^2], CultureInfo.InvariantCulture) * (memory.EndsWith("Gi", StringComparison.Ordinal) ? 1024 : 1);
        return (count * int.Parse(((string)requests["cpu"]!).TrimEnd('m'), CultureInfo.InvariantCulture), count * mebibytes);
    }

    [TerraformFact]
    public void Goal_10_the_page_says_the_same_as_the_estimate()
    {
        var cost = Output("karpenter.tftest.hcl", "cost");
        var rows = Row().Matches(Repository.Read("infra/README.md")).ToDictionary(m => m.Groups[1].Value, m => double.Parse(m.Groups[2].ValueSpan, CultureInfo.InvariantCulture));

        Assert.All(cost["items"]!.AsObject().Where(item => (double)item.Value! > 0), item => Assert.Equal((double)item.Value!, rows[item.Key], 0.01));
        Assert.Equal((double)cost["total"]!, rows["total"], 0.01);
        Assert.Contains((string)Prices["date"]!, Repository.Read("infra/README.md"), StringComparison.Ordinal);
    }

    [TerraformFact]
    public void Goal_10_the_plan_of_the_buffer_names_its_price()
    {
        var plan = Output("karpenter.tftest.hcl", "buffer_plan");

        Assert.Equal(("t4g.medium", 2, 20, 13), ((string)plan["instance_type"]!, (int)plan["nodes"]!, (int)plan["slots"]!, (int)plan["slots_per_node"]!));
        Assert.Equal(24.53, (double)plan["monthly_usd"]!, 0.01);
    }

    /// <summary>What Terraform says is put into an overlay as it is, and every value of the overlays is said by Terraform.</summary>
    [ChainFact]
    public async Task Values_that_Terraform_says_render_an_overlay()
    {
        var text = (string)Output("karpenter.tftest.hcl", "overlay_values")!;
        var said = Manifest.Parse(text, "Terraform").Single().Object["data"]!.AsObject();
        foreach (var overlay in Rendered.Overlays)
        {
            var committed = Manifest.Parse(Repository.Read($"infra/k8s/{overlay}/values.yaml"), overlay).Single().Object["data"]!.AsObject();

            // On one machine PostgreSQL is a pod as well; in the cloud it is none.
            var own = overlay.EndsWith("local", StringComparison.Ordinal) ? new[] { "postgresqlImage" } : [];
            Assert.Equal(committed.Select(v => v.Key).Except(own).Order(StringComparer.Ordinal), said.Select(v => v.Key).Order(StringComparer.Ordinal));
        }

        using var copy = Terraform.Copy();
        await File.WriteAllTextAsync(Path.Combine(copy.Infra, "k8s/overlays/prod/values.yaml"), text);
        var rendered = await Kubectl.BuildAsync("overlays/prod", copy.Infra);
        Assert.Equal("clones.example.net", (string?)rendered.Single(m => m.Kind == "Ingress")["spec/rules"]![0]!["host"]);
        Assert.Equal("https://{job_id}.clones.example.net", (string?)rendered.Single(m => m.Name == "clonehub-settings")["data/CloneHub__Kubernetes__PublicUrlTemplate"]);
        Assert.DoesNotContain(rendered.SelectMany(m => m.Containers), c => ((string)c["image"]!).StartsWith("registry.example", StringComparison.Ordinal) && (string)c["name"]! != "report");
    }

    private JsonNode Output(string file, string name) => root.Lines
        .Where(line => ((string?)line["@testfile"])?.EndsWith(file, StringComparison.Ordinal) == true && (string?)line["type"] == "test_state")
        .Select(line => line["test_state"]!["outputs"]?[name]?["value"])
        .OfType<JsonNode>().First();

    /// <summary>| text (`item`) | 12.34 |</summary>
    [GeneratedRegex(@"\(`(\w+)`\) \| \**([\d.]+)\** \|")]
    private static partial Regex Row();
}
