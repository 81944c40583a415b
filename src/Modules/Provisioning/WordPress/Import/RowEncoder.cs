using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using CloneHub.Provisioning.WordPress.Rewriting;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>Turns rows in wire form into lines of LOAD DATA, addresses rewritten on the way.</summary>
internal sealed class RowEncoder(ContentRewriter rewriter)
{
    private const int PartBytes = 256 << 10;

    private static readonly SearchValues<byte> Special = SearchValues.Create("\\\t\n\0"u8);

    /// <summary>Writes all rows of a batch; gives the number of bytes written.</summary>
    internal long Write(TablePlan plan, RowBatch batch, IBufferWriter<byte> output)
    {
        var values = batch.Values;
        var written = 0L;
        for (var row = 0; row < batch.RowCount; row++)
        {
            for (var column = 0; column < plan.Columns.Length; column++)
            {
                if (column > 0) output.Write("\t"u8);
                if (values.Next(out var value))
                {
                    var rewritten = plan.Columns[column].Rewrite(rewriter, value, plan.Table.Name, plan.Warnings);
                    plan.Sum(column, value, rewritten);
                    if (rewritten is not null) value = rewritten;
                    Escape(value, output);
                    written += value.Length + 1;
                }
                else
                {
                    plan.SumNull(column);
                    output.Write("\\N"u8);
                    written += 3;
                }
            }

            output.Write("\n"u8);
            plan.EndRow();
        }

        return written;
    }

    /// <summary>
    /// Writes a row of large values in small parts, so that no more of it waits for the database than of any other. Stops early if
    /// nobody reads any more; the caller learns that from its next flush.
    /// </summary>
    internal async ValueTask<long> WriteLargeAsync(TablePlan plan, RowBatch batch, PipeWriter output, CancellationToken cancellation)
    {
        var written = 0L;
        var rest = batch.Wire;
        for (var column = 0; column < plan.Columns.Length; column++)
        {
            if (column > 0) output.Write("\t"u8);
            if (TakeValue(ref rest) is not { } value)
            {
                plan.SumNull(column);
                output.Write("\\N"u8);
                continue;
            }

            var rewritten = plan.Columns[column].Rewrite(rewriter, value.Span, plan.Table.Name, plan.Warnings);
            plan.Sum(column, value.Span, rewritten);
            if (rewritten is not null) value = rewritten;
            for (var at = 0; at < value.Length; at += PartBytes)
            {
                Escape(value.Span[at..Math.Min(value.Length, at + PartBytes)], output);
                if ((await output.FlushAsync(cancellation)).IsCompleted) return written;
            }

            written += value.Length + 1;
        }

        output.Write("\n"u8);
        plan.EndRow();
        return written;
    }

    /// <returns>Null for NULL.</returns>
    private static ReadOnlyMemory<byte>? TakeValue(ref ReadOnlyMemory<byte> rest)
    {
        var length = BinaryPrimitives.ReadUInt32LittleEndian(rest.Span);
        rest = rest[4..];
        if (length == RowBatch.NullLength) return null;
        var value = rest[..checked((int)length)];
        rest = rest[value.Length..];
        return value;
    }

    private static void Escape(ReadOnlySpan<byte> value, IBufferWriter<byte> output)
    {
        while (true)
        {
            var special = value.IndexOfAny(Special);
            if (special < 0)
            {
                output.Write(value);
                return;
            }

            output.Write(value[..special]);
            output.Write(value[special] switch
            {
                (byte)'\\' => "\\\\"u8,
                (byte)'\t' => "\\t"u8,
                (byte)'\n' => "\\n"u8,
                _ => "\\0"u8,
            });
            value = value[(special + 1)..];
        }
    }
}
