namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>Where files that come in grow, and where they go.</summary>
internal interface IFilePlaces
{
    /// <summary>Where a file grows until it is complete.</summary>
    string PartOf(PlannedFile entry);

    /// <summary>What is there of the file is gone on with by whoever comes next: <see cref="PartOf"/> always gives the same.</summary>
    bool IsKept(PlannedFile entry);

    /// <summary>Puts a complete file in its place.</summary>
    void Settle(PlannedFile entry, string part);
}
