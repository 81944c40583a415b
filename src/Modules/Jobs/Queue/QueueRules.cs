namespace CloneHub.Jobs.Queue;

/// <summary>What the queue keeps to. A ceiling of null is none.</summary>
internal sealed record QueueRules
{
    /// <summary>A worker that is silent for so long has lost its slots.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Workers that may offer slots at the same time.</summary>
    public int Workers { get; init; } = 20;

    /// <summary>Jobs of one tenant that build at the same time.</summary>
    public int? BuildingOfTenant { get; init; }

    /// <summary>Clones that exist at the same time: those that are built, that serve, and what is kept of failed ones.</summary>
    public int? Clones { get; init; }

    public int? ClonesOfTenant { get; init; }

    /// <summary>Turns that a tenant has for one of a tenant of weight 1, which is what it weighs if nothing is said here.</summary>
    public IReadOnlyDictionary<string, int> Weights { get; init; } = new Dictionary<string, int>();

    /// <summary>After so many interactive jobs in a row, one of the bulk goes if one waits.</summary>
    public const int InteractiveInARow = 4;

    public int WeightOf(string tenant) => Weights.TryGetValue(tenant, out var weight) ? weight : 1;
}
