using System.Text.Json.Nodes;

namespace CloneHub.Infra.Tests;

/// <summary>An overlay that still holds values of the examples reaches no cluster.</summary>
[Trait("Needs", "infra")]
public sealed class DeployTests
{
    private const string Digest = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    private const string Zeros = "0000000000000000000000000000000000000000000000000000000000000000";

    [KubectlTheory]
    [InlineData("overlays/staging")]
    [InlineData("overlays/prod")]
    public async Task What_the_repository_holds_is_refused_with_what_to_do(string overlay)
    {
        await using var cluster = await ClusterAsync();
        using var script = new Script();
        script.LeadKubectlTo(cluster);

        var said = await script.RunAsync("bash", "deploy.sh", overlay.Split('/')[1]);

        Assert.Equal(1, said.Code);
        Assert.Contains("refused: registry.example/clonehub/host@sha256:000", said.Errors, StringComparison.Ordinal);
        Assert.Contains("refused: registry.example/clonehub/wordpress@sha256:000", said.Errors, StringComparison.Ordinal);
        Assert.Contains("terraform output -raw overlay_values", said.Errors, StringComparison.Ordinal);
        Assert.Empty(cluster.Changes);
    }

    [KubectlTheory]
    [InlineData("clones.acme.net", "clones.example", "clones.example is nobody's")]
    [InlineData($"host@sha256:{Digest}", $"host@sha256:{Zeros}", "refused: registry.acme.net/clonehub/host@sha256:000")]
    [InlineData("registry.acme.net/clonehub/wordpress", "registry.example/clonehub/wordpress", "refused: registry.example/clonehub/wordpress@sha256:aaa")]
    [InlineData("redis:7.4-alpine@", "redis:7.4-alpine #", "is not named by digest")]
    public async Task One_value_that_is_left_is_enough(string mine, string left, string reason)
    {
        await using var cluster = await ClusterAsync();
        using var script = new Script();
        script.LeadKubectlTo(cluster);
        var values = Mine(script);
        await File.WriteAllTextAsync(values, (await File.ReadAllTextAsync(values)).Replace(mine, left, StringComparison.Ordinal));

        var said = await script.RunAsync("bash", "deploy.sh", "prod");

        Assert.Equal(1, said.Code);
        Assert.Contains(reason, said.Errors, StringComparison.Ordinal);
        Assert.Empty(cluster.Changes);
    }

    [KubectlFact]
    public async Task Without_passwords_and_keys_nothing_is_applied()
    {
        await using var cluster = await ClusterAsync();
        using var script = new Script();
        script.LeadKubectlTo(cluster);
        Mine(script);

        var said = await script.RunAsync("bash", "deploy.sh", "prod");

        Assert.Equal(1, said.Code);
        Assert.Contains("no Secret clonehub-secrets: run infra/secrets.sh prod", said.Errors, StringComparison.Ordinal);
        Assert.Contains("no Secret clonehub-api-keys", said.Errors, StringComparison.Ordinal);
        Assert.Empty(cluster.Changes);
    }

    [KubectlFact]
    public async Task A_kind_that_the_cluster_does_not_know_stops_it_before_anything_is_applied()
    {
        await using var cluster = await ClusterAsync(without: "PodMonitor");
        using var script = new Script();
        script.LeadKubectlTo(cluster);
        Mine(script);
        AddSecrets(cluster);

        var said = await script.RunAsync("bash", "deploy.sh", "prod");

        Assert.Equal(1, said.Code);
        Assert.Contains("components/without-prometheus", said.Errors, StringComparison.Ordinal);
        Assert.All(cluster.Changes, call => Assert.EndsWith("(dry run)", call, StringComparison.Ordinal));
    }

    [KubectlFact]
    public async Task An_overlay_of_ones_own_is_asked_about_and_then_applied()
    {
        await using var cluster = await ClusterAsync();
        using var script = new Script();
        script.LeadKubectlTo(cluster);
        Mine(script);
        AddSecrets(cluster);

        var said = await script.RunAsync("bash", "deploy.sh", "prod");

        Assert.True(said.Code == 0, said.Errors);
        var objects = await Kubectl.BuildAsync("overlays/prod", script.Infra);
        Assert.Equal(objects.Count, cluster.Changes.Count(call => call.EndsWith("(dry run)", StringComparison.Ordinal)));
        Assert.Equal(objects.Count, cluster.Changes.Count(call => !call.EndsWith("(dry run)", StringComparison.Ordinal)));
        Assert.All(cluster.Changes.Take(objects.Count), call => Assert.EndsWith("(dry run)", call, StringComparison.Ordinal));
    }

    private static async Task<StubCluster> ClusterAsync(string without = "") =>
        await StubCluster.StartAsync((await Kubectl.BuildAsync("overlays/prod")).Where(m => m.Kind != without));

    /// <summary>As Terraform would write them.</summary>
    private static string Mine(Script script)
    {
        var file = Path.Combine(script.Infra, "k8s/overlays/prod/values.yaml");
        File.WriteAllText(file, File.ReadAllText(file).Replace("clones.example", "clones.acme.net", StringComparison.Ordinal)
            .Replace("registry.example", "registry.acme.net", StringComparison.Ordinal).Replace(Zeros, Digest, StringComparison.Ordinal));
        return file;
    }

    private static void AddSecrets(StubCluster cluster)
    {
        foreach (var name in (string[])["clonehub-secrets", "clonehub-api-keys"])
        {
            cluster.Add($"/api/v1/namespaces/clonehub/secrets/{name}", new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Secret",
                ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "clonehub" },
            });
        }
    }
}
