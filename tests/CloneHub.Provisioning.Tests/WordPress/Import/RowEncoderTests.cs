using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Provisioning.WordPress.Rewriting;

namespace CloneHub.Provisioning.Tests.WordPress.Import;

public sealed class RowEncoderTests
{
    private static readonly ContentRewriter Rewriter = new(new RewriteMap().Url(new Uri("https://example.com"), new Uri("http://job-x.localhost:5080")));
    private static readonly SourceTable Table = new(
        "t", IsView: false, "InnoDB", "", [Column("a", "int"), Column("b", "longtext"), Column("c", "longtext")], ["a"], "CREATE TABLE `t` (\n  `a` int,\n  `b` longtext,\n  `c` longtext\n)", 0, 0);

    private readonly RowEncoder _encoder = new(Rewriter);

    [Fact]
    public async Task A_large_row_is_written_as_any_other()
    {
        var batch = Row("1", "tab\t and \\ of https://example.com/" + new string('x', 700_000), null);
        var (plan, largePlan) = (new TablePlan(Table), new TablePlan(Table));
        var expected = new ArrayBufferWriter<byte>();
        _encoder.Write(plan, batch, expected);

        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await _encoder.WriteLargeAsync(largePlan, batch, pipe.Writer, CancellationToken.None);
        await pipe.Writer.CompleteAsync();
        using var written = new MemoryStream();
        await pipe.Reader.CopyToAsync(written);
        Assert.Equal(Encoding.UTF8.GetString(expected.WrittenSpan), Encoding.UTF8.GetString(written.ToArray()));
        Assert.Equal((1, 1), (plan.Rows, largePlan.Rows));
    }

    [Fact]
    public async Task A_large_row_waits_for_the_database_like_any_other()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1 << 20, resumeWriterThreshold: 1 << 19));
        var writing = _encoder.WriteLargeAsync(new TablePlan(Table), Row("1", new string('x', 4 << 20), null), pipe.Writer, CancellationToken.None).AsTask();
        Assert.False(writing.IsCompleted);
        var read = await pipe.Reader.ReadAsync();
        Assert.InRange(read.Buffer.Length, 1 << 20, (1 << 20) + (512 << 10));
        await pipe.Reader.CompleteAsync();
        await writing.WaitAsync(TimeSpan.FromSeconds(10));
    }

    private static SourceColumn Column(string name, string type) => new(name, type, type, "utf8mb4", IsGenerated: false);

    private static RowBatch Row(params string?[] values)
    {
        var wire = new List<byte>();
        foreach (var value in values)
        {
            wire.AddRange(BitConverter.GetBytes(value is null ? 0xffffffff : (uint)Encoding.UTF8.GetByteCount(value)));
            if (value is not null) wire.AddRange(Encoding.UTF8.GetBytes(value));
        }

        return new RowBatch(wire.ToArray(), 1, values.Length);
    }
}
