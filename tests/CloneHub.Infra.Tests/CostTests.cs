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
            Assert.Equal(committed.Select(v => v.Key).Order(StringComparer.Ordinal), said.Select(v => v.Key).Order(StringComparer.Ordinal));
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
