using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Text;
using CloneHub.Provisioning.WordPress;
using Microsoft.Extensions.Time.Testing;

namespace CloneHub.Provisioning.Tests.WordPress.Source;

public sealed class FrameReaderTests
{
    [Fact]
    public async Task Whatever_a_site_prints_first_is_skipped()
    {
        byte[] junk = [0xEF, 0xBB, 0xBF, .. "<br /><b>Notice</b>: CHF, CH"u8];
        await using var reader = Read([.. junk, .. Frame(1, "one"u8), .. "\n"u8, .. Frame(8, "two"u8)]);
        Assert.Equal("Json one", await NextAsync(reader));
        Assert.Equal("End two", await NextAsync(reader));
    }

    [Fact]
    public async Task An_ordinary_page_is_told_from_an_answer()
    {
        await using var small = Read("<html></html>"u8.ToArray());
        Assert.True((await Assert.ThrowsAsync<AnswerBrokenException>(() => NextAsync(small))).IsOrdinaryPage);
        await using var large = Read(new byte[100_000]);
        Assert.True((await Assert.ThrowsAsync<AnswerBrokenException>(() => NextAsync(large))).IsOrdinaryPage);
    }

    [Fact]
    public async Task An_answer_that_ends_without_an_end_is_broken()
    {
        await using var reader = Read(Frame(1, "one"u8));
        await NextAsync(reader);
        Assert.False((await Assert.ThrowsAsync<AnswerBrokenException>(() => NextAsync(reader))).IsOrdinaryPage);
    }

    [Fact]
    public async Task A_frame_cut_anywhere_is_broken()
    {
        var frame = Frame(1, "payload"u8);
        for (var length = 0; length < frame.Length; length++)
        {
            await using var reader = Read(frame[..length]);
            await Assert.ThrowsAsync<AnswerBrokenException>(() => NextAsync(reader));
        }
    }

    [Fact]
    public async Task A_changed_bit_is_noticed()
    {
        var frame = Frame(1, "payload"u8);
        frame[12] ^= 1;
        await using var reader = Read(frame);
        await Assert.ThrowsAsync<AnswerBrokenException>(() => NextAsync(reader));
    }

    [Fact]
    public async Task Heartbeats_are_swallowed_and_frames_inflated()
    {
        var text = Encoding.ASCII.GetBytes(new string('x', 700_000));
        using var deflated = new MemoryStream();
        deflated.Write(BitConverter.GetBytes(text.Length));
        await using (var deflate = new DeflateStream(deflated, CompressionLevel.Fastest, leaveOpen: true)) deflate.Write(text);
        await using var reader = Read([.. Frame(12, []), .. Frame(0x83, deflated.ToArray()), .. Frame(3, text)]);
        Assert.Equal("Rows " + new string('x', 700_000), await NextAsync(reader));
        Assert.Equal("Rows " + new string('x', 700_000), await NextAsync(reader));
    }

    [Fact]
    public async Task A_site_that_falls_silent_within_an_answer_is_waited_for_for_half_a_minute()
    {
        var clock = new FakeTimeProvider();
        var answer = new Pipe();
        await answer.Writer.WriteAsync((byte[])[.. Frame(1, "one"u8), .. Frame(8, "two"u8)[..5]]);
        await using var reader = new FrameReader(new HttpResponseMessage(), answer.Reader.AsStream(), clock, CancellationToken.None);
        Assert.Equal("Json one", await NextAsync(reader));

        var next = NextAsync(reader);
        clock.Advance(TimeSpan.FromSeconds(29));
        Assert.False(next.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Contains("silent", (await Assert.ThrowsAsync<AnswerBrokenException>(() => next)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_wants_an_answer_no_longer_does_not_wait_for_it()
    {
        using var enough = new CancellationTokenSource();
        var answer = new Pipe();
        await using var reader = new FrameReader(new HttpResponseMessage(), answer.Reader.AsStream(), TimeProvider.System, enough.Token);

        var next = NextAsync(reader);
        await enough.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
        await answer.Writer.WriteAsync(Frame(1, "one"u8));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => NextAsync(reader));
    }

    [Theory]
    [InlineData("", 0u)]
    [InlineData("123456789", 0xCBF43926u)]
    [InlineData("The quick brown fox jumps over the lazy dog", 0x414FA339u)]
    public void The_sum_is_that_of_zlib(string text, uint sum)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        Assert.Equal(sum, Crc32.Append(0, bytes));
        Assert.Equal(sum, Crc32.Append(Crc32.Append(0, bytes.AsSpan(0, text.Length / 3)), bytes.AsSpan(text.Length / 3)));
    }

    [Theory]
    [InlineData("f\t1\t2\t644\t\t..%2Fetc%2Fpasswd\t")]
    [InlineData("f\t1\t2\t644\t\ta%2F..%2Fb\t")]
    [InlineData("f\t1\t2\t644\t\t%2Fetc%2Fpasswd\t")]
    [InlineData("f\t1\t2\t644\t\ta%5Cb\t")]
    [InlineData("l\t1\t2\t777\t\tlink\t..%2Foutside")]
    [InlineData("l\t1\t2\t777\t\tlink\t%2Fetc")]
    public void A_listing_cannot_lead_out_of_its_root(string line) => Assert.Throws<StepFaultException>(() => FileLine.Parse(line));

    [Fact]
    public void A_line_of_a_listing_is_read()
    {
        var file = FileLine.Parse("l\t0\t1700000000\t777\t\ta%20b%2F%C3%BC\t..%2Fc");
        Assert.Equal(new SourceFile("a b/ü", SourceFileKind.Link, 0, 1700000000, 0b111_111_111, null, "../c"), file);
    }

    internal static byte[] Frame(byte type, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[13 + payload.Length];
        "CHF1"u8.CopyTo(frame);
        frame[4] = type;
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(5), payload.Length);
        payload.CopyTo(frame.AsSpan(9));
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(9 + payload.Length), Crc32.Append(0, payload));
        return frame;
    }

    private static FrameReader Read(byte[] answer) =>
        new(new HttpResponseMessage(), new MemoryStream(answer), TimeProvider.System, CancellationToken.None);

    private static async Task<string> NextAsync(FrameReader reader)
    {
        var frame = await reader.ReadAsync();
        return $"{frame.Type} {Encoding.ASCII.GetString(frame.Payload.Span)}";
    }
}
