using CloneHub.Provisioning.WordPress;

namespace CloneHub.Provisioning.Tests.WordPress.Import;

/// <summary>Tables of a database without a site around it, as a source has them.</summary>
/// <param name="dump">What comes of them, where that is not just what is there.</param>
internal sealed class TestTables(TableReader reader, SourceSchema schema, Func<IReadOnlyList<DumpRequest>, CancellationToken, IAsyncEnumerable<DumpItem>>? dump = null) : ITableSource
{
    public DumpConsistency Consistency { get; init; }

    public bool MakesSums { get; init; } = true;

    public IAsyncEnumerable<DumpItem> DumpAsync(IReadOnlyList<DumpRequest> tables, CancellationToken cancellation) =>
        dump is null ? reader.DumpAsync(schema, tables, cancellation) : dump(tables, cancellation);

    /// <summary>Why no sums can be had; null if they can.</summary>
    public Exception? SumsFault { get; init; }

    public IAsyncEnumerable<RangeSum> SumsAsync(IReadOnlyList<SumsRequest> tables, CancellationToken cancellation) => SumsFault is null ? reader.SumsAsync(tables, cancellation) : throw SumsFault;
}
