using System.Text.Json.Nodes;

namespace CloneHub.Infra.Tests;

/// <summary>Goals 8 and 9 with nothing left out but AWS: Terraform calls the scripts, the scripts the real kubectl, kubectl an API server over TLS.</summary>
[Trait("Needs", "infra")]
public sealed class ApplyChainTests
{
    private const string Marker = "k8s-aws-v1.marker-of-a-token";
    private const string Crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    private const string Clones = "/api/v1/namespaces/clonehub-clones/configmaps";
    private const string Pools = "/apis/karpenter.sh/v1/nodepools";

    [ChainFact]
    public async Task Goal_9_Terraform_applies_every_object_once_and_takes_the_pools_away()
    {
        var platform = (await Rendered.PlatformsAsync())["karpenter placeholder"];
        await using var cluster = await StubCluster.StartAsync(platform.Objects);
        foreach (var name in (string[])["nodepools.karpenter.sh", "nodeclaims.karpenter.sh"]) cluster.Add($"{Crds}/{name}", Established(name));
        using var terraform = Terraform.Copy();
        var variables = Variables(cluster, platform.Text, terraform.Infra);

        await terraform.ApplyAsync("modules/kube_apply", variables);
        var applied = cluster.Changes;
        Assert.Equal(platform.Objects.Count, applied.Count);
        Assert.All(applied, call => Assert.StartsWith("PATCH ", call, StringComparison.Ordinal));
        Assert.Contains($"PATCH {Pools}/clonehub-buffer", applied);
        Assert.Equal(["Bearer " + Marker], cluster.Tokens);

        await terraform.ApplyAsync("modules/kube_apply", variables);
        Assert.Equal(applied, cluster.Changes);

        cluster.Add($"{Clones}/job-serving", Clone("job-serving"));
        await DestroyAsync(terraform);
        Assert.Equal([$"DELETE {Clones}/job-serving", $"DELETE {Pools}/clonehub-buffer", $"DELETE {Pools}/clonehub-general"], cluster.Changes.Skip(applied.Count).Order(StringComparer.Ordinal));
        Assert.True(cluster.Has("/api/v1/namespaces/clonehub"));
        Assert.True(cluster.Has($"{Clones}/clone-images"));
    }

    [ChainFact]
    public async Task Goal_8_the_token_is_in_no_state_and_no_file_that_stays()
    {
        var platform = (await Rendered.PlatformsAsync())["auto static"];
        await using var cluster = await StubCluster.StartAsync(platform.Objects);
        foreach (var name in (string[])["nodepools.karpenter.sh", "nodeclaims.karpenter.sh"]) cluster.Add($"{Crds}/{name}", Established(name));
        using var terraform = Terraform.Copy();

        await terraform.ApplyAsync("modules/kube_apply", Variables(cluster, platform.Text, terraform.Infra));

        var state = await File.ReadAllTextAsync(Path.Combine(terraform.Infra, "terraform/modules/kube_apply/terraform.tfstate"));
        Assert.Contains(cluster.Address, state, StringComparison.Ordinal);
        Assert.DoesNotContain(Marker, state, StringComparison.Ordinal);
    }

    private static async Task DestroyAsync(Terraform terraform)
    {
        var variables = Path.Combine(terraform.Infra, "..", "variables.tfvars.json");
        _ = (await terraform.RunAsync("modules/kube_apply", ["destroy", "-auto-approve", "-input=false", "-no-color", $"-var-file={variables}"])).Text;
    }

    private static JsonObject Variables(StubCluster cluster, string manifest, string folder)
    {
        var aws = Path.Combine(folder, "aws");
        File.WriteAllText(aws, $$$"""
            #!/bin/sh
            echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","spec":{},"status":{"token":"{{{Marker}}}"}}'
            """);
        File.SetUnixFileMode(aws, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return new JsonObject
        {
            ["cluster"] = new JsonObject { ["name"] = "stub", ["region"] = "us-east-1", ["endpoint"] = cluster.Address, ["certificate_authority"] = cluster.Authority },
            ["manifest"] = manifest,
            ["definitions"] = new JsonArray("nodepools.karpenter.sh", "nodeclaims.karpenter.sh"),
            ["tools"] = new JsonObject { ["kubectl"] = Kubectl.Path, ["aws"] = aws },
        };
    }

    private static JsonObject Clone(string name) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "ConfigMap",
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "clonehub-clones", ["labels"] = new JsonObject { ["app"] = "wordpress-clone" } },
    };

    private static JsonObject Established(string name) => new()
    {
        ["apiVersion"] = "apiextensions.k8s.io/v1",
        ["kind"] = "CustomResourceDefinition",
        ["metadata"] = new JsonObject { ["name"] = name, ["uid"] = name, ["resourceVersion"] = "1" },
        ["status"] = new JsonObject { ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Established", ["status"] = "True" }) },
    };
}
