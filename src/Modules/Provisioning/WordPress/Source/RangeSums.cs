using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace CloneHub.Provisioning.WordPress;

/// <summary>A table to be counted and summed.</summary>
/// <param name="Columns">Those that have a part in the sums.</param>
/// <param name="Key">The column of whole numbers that ranges are of; null where all of the table is one range.</param>
/// <param name="Until">The greatest key of each range, in their order; null for the last one, which has no end.</param>
internal sealed record SumsRequest(string Table, IReadOnlyList<string> Columns, string? Key, IReadOnlyList<long?> Until);

/// <summary>What a source has in one range of a table.</summary>
/// <param name="Range">Index in <see cref="SumsRequest.Until"/>.</param>
/// <param name="Sum">Over the rows: of each the CRC-32 of its values' CRC-32, squared, modulo <see cref="Prime"/>.</param>
internal sealed record RangeSum(string Table, int Range, long Rows, Int128 Sum)
{
    /// <summary>The greatest prime of 32 bits; the connector's Ranges.php tells why.</summary>
    internal const ulong Prime = 4_294_967_291;

    /// <summary>Why the table cannot be summed: nothing more comes of it. Null otherwise.</summary>
    public string? Trouble { get; init; }
}

/// <summary>Asks a connector for sums, over as many answers as they take.</summary>
internal static class RangeSums
{
    public static async IAsyncEnumerable<RangeSum> ReadAsync(
        SourceCalls calls, IReadOnlyList<SumsRequest> tables, TransferPace pace, Action<double> onWaited, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var (table, range) = (0, 0);
        string? above = null;
        var (rows, sum) = (0L, (Int128)0);
        await using var frames = new FrameStream(calls, "ranges", () => Request(tables, table, range, above, pace), pace, onWaited, cancellation);
        while (table < tables.Count)
        {
            var frame = await frames.NextAsync();
            if (frame.Type is not (FrameType.Json or FrameType.End)) continue;
            var name = tables[table].Table;
            var told = JsonElement.Parse(frame.Payload.Span);
            if (frame.Type == FrameType.End || told.GetProperty("table").GetString() != name)
            {
                await frames.DistrustAsync(new AnswerBrokenException("Other sums came than were asked for."));
                continue;
            }

            frames.Advanced();
            if (told.TryGetProperty("trouble", out var trouble))
            {
                yield return new RangeSum(name, range, 0, 0) { Trouble = trouble.GetString() };
                (table, range, above, rows, sum) = (table + 1, 0, null, 0, 0);
                continue;
            }

            rows += long.Parse(told.GetProperty("rows").GetString()!, CultureInfo.InvariantCulture);
            sum += Int128.Parse(told.GetProperty("sum").GetString()!, CultureInfo.InvariantCulture);
            above = told.GetProperty("end").GetString();
            if (above is not null) continue;
            yield return new RangeSum(name, range, rows, sum);
            (rows, sum) = (0, 0);
            if (++range == tables[table].Until.Count) (table, range) = (table + 1, 0);
        }

        await frames.LastAsync();
    }

    /// <param name="above">Where the range goes on; null for its beginning.</param>
    private static byte[] Request(IReadOnlyList<SumsRequest> tables, int table, int range, string? above, TransferPace pace) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        seconds = pace.Seconds,
        tables = tables.Skip(table).Select((request, at) => new
        {
            name = request.Table,
            columns = request.Columns,
            key = request.Key,
            above = at > 0 ? null : above ?? (range > 0 ? request.Until[range - 1]?.ToString(CultureInfo.InvariantCulture) : null),
            until = at == 0 ? request.Until.Skip(range) : request.Until,
        }),
    });
}
