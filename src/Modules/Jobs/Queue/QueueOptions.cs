using CloneHub.Contracts;
using Microsoft.Extensions.Options;

namespace CloneHub.Jobs.Queue;

/// <summary>Settings of the queue of waiting jobs.</summary>
internal sealed class QueueOptions
{
    public const string Section = "CloneHub:Queue";

    /// <summary>A worker that is silent for so long has lost its slots.</summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(10);

    public int MaxWorkers { get; set; } = 20;

    /// <summary>Jobs that wait; beyond that none is accepted.</summary>
    public int MaxWaiting { get; set; } = 100_000;

    /// <summary>Jobs of one tenant that wait or build; beyond that none of it is accepted.</summary>
    public int MaxOpenPerTenant { get; set; } = 20_000;

    public int? MaxBuildingPerTenant { get; set; }

    public int? MaxClonesPerTenant { get; set; }

    /// <summary>Pods, processors and memory of all clones together, where clones are pods.</summary>
    public int MaxPods { get; set; } = 150;

    public int MaxCpu { get; set; } = 100;

    public int MaxMemoryGiB { get; set; } = 200;

    public IList<TenantWeightOptions> Weights { get; } = [];

    /// <param name="inCluster">Clones are pods of a cluster.</param>
    public QueueRules Rules(bool inCluster) => new()
    {
        Lease = Lease,
        Workers = MaxWorkers,
        BuildingOfTenant = MaxBuildingPerTenant,
        ClonesOfTenant = MaxClonesPerTenant,
        Clones = inCluster ? Math.Min(MaxPods, Math.Min(MaxCpu * 1000 / CloneFootprint.MilliCpu, MaxMemoryGiB * 1024 / CloneFootprint.MemoryMiB)) : null,
        Weights = Weights.ToDictionary(w => w.Tenant, w => w.Weight, StringComparer.Ordinal),
    };
}

/// <summary>A tenant that has more turns than others.</summary>
internal sealed class TenantWeightOptions
{
    public const int Most = 100;

    public string Tenant { get; set; } = "";

    public int Weight { get; set; } = 1;
}

internal sealed class QueueOptionsCheck : IValidateOptions<QueueOptions>
{
    private const string Section = QueueOptions.Section;

    public ValidateOptionsResult Validate(string? name, QueueOptions options)
    {
        var faults = new List<string>();
        if (options.Lease < TimeSpan.FromSeconds(1) || options.Lease > TimeSpan.FromMinutes(10)) faults.Add($"{Section}:Lease must be from 00:00:01 to 00:10:00.");
        (string Setting, int? Value)[] counts =
        [
            ("MaxWorkers", options.MaxWorkers), ("MaxWaiting", options.MaxWaiting), ("MaxOpenPerTenant", options.MaxOpenPerTenant),
            ("MaxBuildingPerTenant", options.MaxBuildingPerTenant), ("MaxClonesPerTenant", options.MaxClonesPerTenant),
            ("MaxPods", options.MaxPods), ("MaxCpu", options.MaxCpu), ("MaxMemoryGiB", options.MaxMemoryGiB),
        ];
        faults.AddRange(counts.Where(count => count.Value < 1).Select(count => $"{Section}:{count.Setting} must be at least 1."));
        for (var i = 0; i < options.Weights.Count; i++)
        {
            if (string.IsNullOrWhiteSpace(options.Weights[i].Tenant)) faults.Add($"{Section}:Weights:{i}:Tenant is missing.");
            if (options.Weights[i].Weight is < 1 or > TenantWeightOptions.Most) faults.Add($"{Section}:Weights:{i}:Weight must be from 1 to {TenantWeightOptions.Most}.");
        }

        if (options.Weights.GroupBy(w => w.Tenant, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice)
            faults.Add($"{Section}:Weights names the tenant '{twice.Key}' twice.");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
