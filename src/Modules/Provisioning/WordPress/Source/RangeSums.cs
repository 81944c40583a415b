using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using CloneHub.Provisioning.WordPress.Import;

namespace CloneHub.Provisioning.WordPress;

/// <summary>A table to be counted and summed.</summary>
/// <param name="Columns">All that are copied; which of them have a part in the sums: see <see cref="ColumnPlan.IsCompared"/>.</param>
/// <param name="Key">The column of whole numbers that ranges are of; null where all of the table is one range.</param>
/// <param name="Until">The greatest key of each range, in their order; null for the last one, which has no end.</param>
internal sealed record SumsRequest(string Table, IReadOnlyList<ColumnPlan> Columns, string? Key, IReadOnlyList<long?> Until);

/// <param name="Range">Index in <see cref="SumsRequest.Until"/>.</param>
/// <param name="Rows">Null if the source could not sum the range in time.</param>
/// <param name="Sum">Of the rows, as <see cref="ValueSums"/> makes it.</param>
internal sealed record RangeSum(string Table, int Range, long? Rows, Int128 Sum);

/// <summary>Asks a connector for sums, over as many answers as they take.</summary>
internal static class RangeSums
{
    public static async IAsyncEnumerable<RangeSum> ReadAsync(
        SourceCalls calls, IReadOnlyList<SumsRequest> tables, TransferPace pace, Action<double> onWaited, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var (table, range) = (0, 0);
        await using var frames = new FrameStream(calls, "ranges", () => Request(tables, table, range, pace), pace, onWaited, cancellation);
        while (table < tables.Count)
        {
            var frame = await frames.NextAsync();
            if (frame.Type is not (FrameType.Json or FrameType.End)) continue;
            if (Take(frame, tables[table].Table, range) is not { } sum)
            {
                await frames.DistrustAsync(new AnswerBrokenException("Other sums came than were asked for."));
                continue;
            }

            frames.Advanced();
            yield return sum;
            (table, range) = range + 1 < tables[table].Until.Count ? (table, range + 1) : (table + 1, 0);
        }

        await frames.LastAsync();
    }

    /// <returns>Null if this is no sum of that table.</returns>
    private static RangeSum? Take(Frame frame, string table, int range)
    {
        if (frame.Type == FrameType.End) return null;
        var told = JsonElement.Parse(frame.Payload.Span);
        if (told.GetProperty("table").GetString() != table) return null;
        if (told.GetProperty("rows").GetString() is not { } rows) return new RangeSum(table, range, null, 0);
        return new RangeSum(table, range, long.Parse(rows, CultureInfo.InvariantCulture), Int128.Parse(told.GetProperty("sum").GetString()!, CultureInfo.InvariantCulture));
    }

    private static byte[] Request(IReadOnlyList<SumsRequest> tables, int table, int range, TransferPace pace) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        seconds = pace.Seconds,
        tables = tables.Skip(table).Select((request, at) => new
        {
            name = request.Table,
            columns = ColumnsOf(request.Columns),
            key = request.Key,
            above = at == 0 && range > 0 ? request.Until[range - 1] : null,
            until = at == 0 ? request.Until.Skip(range) : request.Until,
        }),
    });

    /// <summary>As the connector takes them: names, and whether they are compared.</summary>
    public static IEnumerable<object[]> ColumnsOf(IEnumerable<ColumnPlan> columns) => columns.Select(plan => new object[] { plan.Column.Name, plan.IsCompared });

    /// <summary>As the connector takes them: a column, values of it, beginnings of values.</summary>
    public static IEnumerable<object[]> SkippedOf(IEnumerable<VolatileRows> skipped) => skipped.Select(rows => new object[] { rows.Column, rows.Values, rows.Beginnings });
}
