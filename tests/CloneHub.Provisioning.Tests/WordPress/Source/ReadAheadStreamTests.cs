using System.IO.Pipelines;
using CloneHub.Provisioning.WordPress;

namespace CloneHub.Provisioning.Tests.WordPress.Source;

public sealed class ReadAheadStreamTests
{
    private const int Chunk = 4096;

    [Fact]
    public async Task What_has_arrived_is_taken_at_once_and_handed_out_whole_and_in_order()
    {
        var sent = new byte[10 * Chunk];
        Random.Shared.NextBytes(sent);
        await using var line = new Line(sent);
        await using var ahead = new ReadAheadStream(line);

        var read = new byte[sent.Length];
        for (var at = 0; at < sent.Length; at += Chunk) Assert.Equal(Chunk, await ahead.ReadAsync(read.AsMemory(at, Chunk)));

        Assert.Equal(sent, read);
        Assert.Equal(1, line.Reads);
        Assert.Equal(0, await ahead.ReadAsync(read));
        Assert.Equal(0, ahead.Read(read));
    }

    [Fact]
    public async Task Who_has_room_for_more_is_given_it_directly()
    {
        await using var line = new Line(new byte[100_000]);
        await using var ahead = new ReadAheadStream(line);

        Assert.Equal(100, await ahead.ReadAsync(new byte[100]));
        Assert.Equal((64 << 10) - 100, await ahead.ReadAsync(new byte[200_000]));
        Assert.Equal(100_000 - (64 << 10), await ahead.ReadAsync(new byte[200_000]));
        Assert.Equal(2, line.Reads);
    }

    [Fact]
    public async Task Whoever_asks_whether_something_comes_is_told_at_once_of_what_is_there_and_else_when_it_comes()
    {
        var pipe = new Pipe();
        await using var ahead = new ReadAheadStream(pipe.Reader.AsStream());

        var comes = ahead.ReadAsync(Memory<byte>.Empty).AsTask();
        Assert.False(comes.IsCompleted);
        await pipe.Writer.WriteAsync("abc"u8.ToArray());
        Assert.Equal(0, await comes);

        var two = new byte[2];
        Assert.Equal(2, await ahead.ReadAsync(two));
        Assert.Equal(0, await ahead.ReadAsync(Memory<byte>.Empty));
        Assert.Equal(1, await ahead.ReadAsync(two));
        Assert.Equal((byte)'c', two[0]);
    }

    [Fact]
    public async Task A_read_that_was_given_up_costs_nothing_of_what_comes_after_it()
    {
        var pipe = new Pipe();
        await using var ahead = new ReadAheadStream(pipe.Reader.AsStream());
        using var enough = new CancellationTokenSource();

        var read = ahead.ReadAsync(new byte[3], enough.Token).AsTask();
        await enough.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);

        await pipe.Writer.WriteAsync("abc"u8.ToArray());
        var three = new byte[3];
        Assert.Equal(3, await ahead.ReadAsync(three));
        Assert.Equal("abc"u8.ToArray(), three);
    }

    /// <summary>A connection on which all has arrived.</summary>
    private sealed class Line(byte[] sent) : MemoryStream(sent)
    {
        public int Reads { get; private set; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Reads++;
            return base.ReadAsync(buffer, cancellationToken);
        }
    }
}
