using System.Text.Json.Nodes;
using Jint;

namespace CloneHub.Infra.Tests;

/// <summary>Goal 7: workers are as many as the table says, and one scaler at a time decides it.</summary>
[Trait("Needs", "infra")]
public sealed class ScalingTests
{
    [KubectlTheory]
    [InlineData(0, 2)]
    [InlineData(9, 2)]
    [InlineData(10, 5)]
    [InlineData(49, 5)]
    [InlineData(50, 10)]
    [InlineData(99, 10)]
    [InlineData(100, 20)]
    [InlineData(500, 20)]
    public async Task Goal_7_workers_by_depth_of_the_queue(int depth, int workers)
    {
        foreach (var overlay in (string[])["overlays/staging", "overlays/prod"])
        {
            var scaler = (await Kubectl.BuildAsync(overlay)).Single(m => m is { Kind: "ScaledObject", Name: "worker" });
            var modifiers = scaler["spec/advanced/scalingModifiers"]!;

            // KEDA's expressions are JavaScript's where they are used here. Desired replicas are the value over the target, within both bounds.
            var value = new Engine().SetValue("queue", depth).Evaluate((string)modifiers["formula"]!).AsNumber();
            var desired = Math.Clamp(Math.Ceiling(value / int.Parse((string)modifiers["target"]!)), (int)scaler["spec/minReplicaCount"]!, (int)scaler["spec/maxReplicaCount"]!);

            Assert.Equal("AverageValue", (string?)modifiers["metricType"]);
            Assert.Equal(workers, (int)desired);
        }
    }

    [KubectlFact]
    public async Task Goal_7_the_depth_is_read_from_the_queue()
    {
        var scaler = (await Kubectl.BuildAsync("overlays/prod")).Single(m => m is { Kind: "ScaledObject", Name: "worker" });
        var trigger = scaler["spec/triggers"]!.AsArray().Single()!;

        Assert.Equal(("metrics-api", "queue", "http://clonehub.clonehub.svc/queue"), ((string)trigger["type"]!, (string)trigger["name"]!, (string)trigger["metadata"]!["url"]!));
    }

    [SchemaFact]
    public async Task Goal_7_every_key_of_a_trigger_is_one_that_KEDA_reads()
    {
        var known = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Schemas.Folder!, "keda/scalers-schema.json")))!["scalers"]!.AsArray();
        var triggers = (await Rendered.EverythingAsync()).Where(m => m.Kind == "ScaledObject").SelectMany(m => m["spec/triggers"]!.AsArray()).Select(t => t!).ToList();

        Assert.Contains(triggers, t => (string)t["type"]! == "cron");
        Assert.All(triggers, trigger =>
        {
            var keys = known.Single(s => (string)s!["type"]! == (string)trigger["type"]!)!["parameters"]!.AsArray().Select(p => (string)p!["name"]!).ToHashSet();
            Assert.Subset(keys, trigger["metadata"]!.AsObject().Select(entry => entry.Key).ToHashSet());
        });
    }

    [SchemaFact]
    public async Task Goal_7_no_workload_has_two_autoscalers_or_a_number_beside_one()
    {
        foreach (var source in (await Rendered.EverythingAsync()).GroupBy(m => m.From))
        {
            var scaled = source.Where(m => m.Kind is "ScaledObject" or "HorizontalPodAutoscaler").Select(m => (string)m["spec/scaleTargetRef"]!["name"]!).ToList();

            Assert.Equal(scaled.Distinct(), scaled);
            Assert.All(source.Where(m => m.Kind == "Deployment" && scaled.Contains(m.Name)), m => Assert.Null(m["spec/replicas"]));
        }
    }
}
