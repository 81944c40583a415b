namespace CloneHub.Provisioning.WordPress;

/// <summary>Where the rows of an import come from.</summary>
internal interface ITableSource
{
    /// <summary>Whether everything that was dumped shows one moment; <see cref="DumpConsistency.Snapshot"/> before any dump.</summary>
    DumpConsistency Consistency { get; }

    /// <summary>False of a connector of an earlier version.</summary>
    bool MakesSums { get; }

    IAsyncEnumerable<DumpItem> DumpAsync(IReadOnlyList<DumpRequest> tables, CancellationToken cancellation);

    /// <summary>What the tables hold now: of each request its ranges, in their order.</summary>
    IAsyncEnumerable<RangeSum> SumsAsync(IReadOnlyList<SumsRequest> tables, CancellationToken cancellation);
}
