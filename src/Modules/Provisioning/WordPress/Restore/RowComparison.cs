using System.Buffers.Binary;
using System.Text;
using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Provisioning.WordPress.Rewriting;

namespace CloneHub.Provisioning.WordPress.Restore;

/// <param name="Added">Rows that only the clone has.</param>
/// <param name="Changed">Rows that both have and that differ.</param>
/// <param name="Removed">Rows that only the site has.</param>
internal sealed record RowDifference(long Added, long Changed, long Removed);

/// <summary>
/// Counts in which rows the clone's tables differ from the site's, as the site would get them. Both sides are read for that, so it is done for tables of a size
/// that lets one wait for it.
/// </summary>
internal sealed class RowComparison(SourceChannel clone, SourceChannel site, RestoredTables plan, UserMap users, ContentRewriter rewriter)
{
    /// <summary>Of one table, on either side, and of all together, by the engine's estimate.</summary>
    private const long MostBytes = 8 << 20;
    private const long MostInAll = 32 << 20;

    private readonly ImportWarnings _unsaid = new();

    /// <param name="there">The site's tables.</param>
    /// <returns>By name; a table that was not read is not among them.</returns>
    public async Task<IReadOnlyDictionary<string, RowDifference>> RunAsync(IReadOnlyDictionary<string, SourceTable> there, CancellationToken cancellation)
    {
        var tables = Chosen(there);
        var rows = tables.ToDictionary(table => table.Name, _ => new Dictionary<string, int>(StringComparer.Ordinal), StringComparer.Ordinal);
        await ReadAsync(site, tables.Where(table => table.Replaces), (table, key, sum) => rows[table][key] = sum, isClone: false, cancellation);
        var differences = tables.ToDictionary(table => table.Name, _ => new RowDifference(0, 0, 0), StringComparer.Ordinal);
        await ReadAsync(clone, tables, Compare, isClone: true, cancellation);
        return differences.ToDictionary(table => table.Key, table => table.Value with { Removed = rows[table.Key].Count }, StringComparer.Ordinal);

        void Compare(string table, string key, int sum)
        {
            var found = differences[table];
            if (!rows[table].Remove(key, out var other)) differences[table] = found with { Added = found.Added + 1 };
            else if (other != sum) differences[table] = found with { Changed = found.Changed + 1 };
        }
    }

    /// <summary>The smallest first, as far as they go: of tables whose rows can be told apart, and that look alike on both sides.</summary>
    private List<RestoredTable> Chosen(IReadOnlyDictionary<string, SourceTable> there)
    {
        var chosen = new List<RestoredTable>();
        var bytes = 0L;
        foreach (var table in plan.Tables.Where(table => table.Table.Key.Count > 0 && (table.CreateSql is null || !table.Replaces)).OrderBy(Size))
        {
            bytes += Size(table);
            if (Size(table) > MostBytes || bytes > MostInAll) break;
            chosen.Add(table);
        }

        return chosen;

        long Size(RestoredTable table) => Math.Max(table.Table.ApproximateBytes, there.GetValueOrDefault(table.Name)?.ApproximateBytes ?? 0);
    }

    private async Task ReadAsync(SourceChannel channel, IEnumerable<RestoredTable> tables, Action<string, string, int> take, bool isClone, CancellationToken cancellation)
    {
        var readers = tables.ToDictionary(table => table.Name, table => new RowReader(table, plan, isClone ? users : null), StringComparer.Ordinal);
        if (readers.Count == 0) return;
        await foreach (var item in channel.DumpAsync([.. readers.Values.Select(reader => reader.Request)], cancellation))
        {
            if (item is not TableRows rows) continue;
            var rest = rows.Batch.Wire;
            for (var row = 0; row < rows.Batch.RowCount; row++)
                if (readers[item.Table].Read(ref rest, isClone ? rewriter : null, _unsaid) is var (key, sum)) take(item.Table, key, sum);
        }
    }

    /// <summary>Makes of a row its key and a sum of what the site would have of it.</summary>
    private sealed class RowReader(RestoredTable table, RestoredTables plan, UserMap? users)
    {
        private readonly ColumnPlan[] _columns = VolatileRows.Settle(new TablePlan(table.Table, rewritesNames: true).Columns);
        private readonly IReadOnlyList<VolatileRows> _skipped = VolatileRows.Of(table.Table);
        private readonly int _person = UserMap.ColumnOf(plan.BareName(table.Name), [.. new TablePlan(table.Table).Columns.Select(column => column.Column.Name)]);

        public DumpRequest Request { get; } = table.Table.ToDumpRequest();

        /// <returns>Null for a row that changes by itself.</returns>
        public (string Key, int Sum)? Read(ref ReadOnlyMemory<byte> rest, ContentRewriter? rewriter, ImportWarnings unsaid)
        {
            var (key, sum, counts) = ("", new HashCode(), true);
            for (var at = 0; at < _columns.Length; at++)
            {
                var column = _columns[at];
                var length = BinaryPrimitives.ReadUInt32LittleEndian(rest.Span);
                rest = rest[4..];
                sum.Add(length == RowBatch.NullLength);
                if (length == RowBatch.NullLength) continue;
                var value = rest[..checked((int)length)];
                rest = rest[value.Length..];
                if (_skipped.Any(rows => rows.Column == column.Column.Name && rows.Covers(Encoding.UTF8.GetString(value.Span)))) counts = false;
                var changed = at == _person ? users?.Change(value.Span) : rewriter is null ? null : column.Rewrite(rewriter, value.Span, table.Name, unsaid);

                // Options are found by their name; the number is each side's own.
                if (IsKey(column)) key += Convert.ToHexString(value.Span) + ".";
                else if (column.IsCompared && !table.Table.Key.Contains(column.Column.Name)) sum.AddBytes(changed is null ? value.Span : changed);
            }

            return counts ? (key, sum.ToHashCode()) : null;
        }

        private bool IsKey(ColumnPlan column) => _columns.Any(IsName) ? IsName(column) : table.Table.Key.Contains(column.Column.Name);

        private static bool IsName(ColumnPlan column) => column.Column.Name == "option_name";
    }
}
