using System.Buffers;
using CloneHub.Provisioning.WordPress.Rewriting;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>Turns rows in wire form into lines of LOAD DATA, addresses rewritten on the way.</summary>
internal sealed class RowEncoder(ContentRewriter rewriter, ImportWarnings warnings)
{
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
                    var rewritten = plan.Columns[column].Rewrite(rewriter, value, plan.Table.Name, warnings);
                    if (rewritten is not null) value = rewritten;
                    plan.Sum(column, value);
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
            plan.CountRow();
        }

        return written;
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
