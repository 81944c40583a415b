using CloneHub.Jobs.Queue;

namespace CloneHub.Jobs.Tests.Queue;

public sealed class QueueOptionsTests
{
    private static readonly (Action<QueueOptions> Spoil, string Fault)[] Wrong =
    [
        (o => o.Lease = TimeSpan.FromSeconds(0.5), "CloneHub:Queue:Lease must be"),
        (o => o.Lease = TimeSpan.FromMinutes(11), "CloneHub:Queue:Lease must be"),
        (o => o.MaxWaiting = 0, "CloneHub:Queue:MaxWaiting must be"),
        (o => o.MaxBuildingPerTenant = 0, "CloneHub:Queue:MaxBuildingPerTenant must be"),
        (o => o.Weights.Add(new TenantWeightOptions { Weight = 2 }), "CloneHub:Queue:Weights:0:Tenant is missing"),
        (o => o.Weights.Add(new TenantWeightOptions { Tenant = "acme", Weight = 101 }), "CloneHub:Queue:Weights:0:Weight must be"),
    ];

    [Fact]
    public void A_wrong_setting_is_named() => Assert.All(Wrong, wrong =>
    {
        var options = new QueueOptions();
        Assert.True(new QueueOptionsCheck().Validate(null, options).Succeeded);

        wrong.Spoil(options);

        Assert.StartsWith(wrong.Fault, new QueueOptionsCheck().Validate(null, options).FailureMessage, StringComparison.Ordinal);
    });

    [Fact]
    public void A_tenant_that_is_named_twice_has_no_weight()
    {
        var options = new QueueOptions { Weights = { new TenantWeightOptions { Tenant = "acme" }, new TenantWeightOptions { Tenant = "acme" } } };

        Assert.Contains("'acme' twice", new QueueOptionsCheck().Validate(null, options).FailureMessage, StringComparison.Ordinal);
    }

    /// <summary>A clone is a pod that requests a tenth of a processor and may have 384 MiB.</summary>
    [Theory]
    [InlineData(150, 100, 200, 150)]
    [InlineData(5000, 100, 2000, 1000)]
    [InlineData(5000, 1000, 200, 533)]
    public void Clones_end_where_pods_processors_or_memory_do(int pods, int cpu, int memory, int clones)
    {
        var options = new QueueOptions { MaxPods = pods, MaxCpu = cpu, MaxMemoryGiB = memory };

        Assert.Equal(clones, options.Rules(inCluster: true).Clones);
        Assert.Null(options.Rules(inCluster: false).Clones);
    }
}
