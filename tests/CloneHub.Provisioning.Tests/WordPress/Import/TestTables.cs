using System.Runtime.CompilerServices;
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

    /// <summary>Is told of each sum before it comes, and may fail it; tells why there is none, or null.</summary>
    public Func<SumsRequest, string?> OnSum { get; init; } = _ => null;

    public async IAsyncEnumerable<RangeSum> SumsAsync(IReadOnlyList<SumsRequest> tables, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var table in tables)
        {
            if (OnSum(table) is { } trouble) yield return new RangeSum(table.Table, 0, 0, 0) { Trouble = trouble };
            else
                await foreach (var sum in reader.SumsAsync([table], cancellation)) yield return sum;
        }
    }
}
