using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace CloneHub.Provisioning.WordPress;

/// <summary>Kinds of frames; the numbers are the plugin's (Reply.php).</summary>
internal enum FrameType
{
    /// <summary>Not on the wire: a new answer begins, whatever was incomplete in the one before is void.</summary>
    Opened = 0,
    Json = 1,
    Table = 2,
    Rows = 3,
    FileList = 4,
    FileData = 5,
    FileError = 6,
    Error = 7,
    End = 8,
    Yield = 9,
    BigValue = 10,
    TableEnd = 11,
    Heartbeat = 12,
}

/// <param name="Payload">Valid until the next frame is read.</param>
internal readonly record struct Frame(FrameType Type, ReadOnlyMemory<byte> Payload);

/// <summary>The answer broke off, or is not one. What came before it is good; the call may be repeated from there.</summary>
internal sealed class AnswerBrokenException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>How long the site asked to be left alone.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The site did not even begin: a smaller answer would not have helped.</summary>
    public bool NeverBegan { get; init; }

    /// <summary>The site answered as it would to a stranger: our plugin is not there, or the call did not reach it.</summary>
    public bool IsOrdinaryPage { get; init; }

    /// <summary>The site takes no call of that size.</summary>
    public bool IsTooLarge { get; init; }

    /// <summary>The call may have been obeyed though its answer was lost.</summary>
    public bool MayHaveArrived { get; init; }

    /// <summary>What the connector says went wrong, if the answer was its own.</summary>
    public string? Said { get; init; }
}

/// <summary>Reads frames out of an answer. Whatever a site prints before or between them is skipped within limits.</summary>
internal sealed class FrameReader(HttpResponseMessage response, Stream stream, TimeProvider clock, CancellationToken cancellation) : IAsyncDisposable
{
    private const int HeaderLength = 9;
    private const int LargestFrame = 64 * 1024 * 1024;
    private const int MostJunk = 64 * 1024;

    /// <summary>Of the usual frame, a quarter of a megabyte, and the beginning of the next one.</summary>
    private const int BufferBytes = 512 * 1024;
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Keeps as many as answers were ever read at once; the shared pool keeps one for each thread that ever ended an answer, and more.</summary>
    private static readonly ArrayPool<byte> Buffers = ArrayPool<byte>.Create(BufferBytes, maxArraysPerBucket: 32);

    private readonly CancellationTokenSource _idle = new(Timeout.InfiniteTimeSpan, clock);
    private byte[] _buffer = Buffers.Rent(BufferBytes);
    private byte[]? _inflated;
    private int _start;
    private int _end;
    private int _junk;
    private bool _hasFrames;

    private static ReadOnlySpan<byte> Magic => "CHF1"u8;

    public static async Task<FrameReader> OpenAsync(HttpResponseMessage response, TimeProvider clock, CancellationToken cancellation)
    {
        try
        {
            return new FrameReader(response, await response.Content.ReadAsStreamAsync(cancellation), clock, cancellation);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>The next frame with a right sum; heartbeats are swallowed.</summary>
    public async ValueTask<Frame> ReadAsync()
    {
        while (true)
        {
            await SkipToMagicAsync();
            await FillAsync(HeaderLength);
            var type = _buffer[_start + 4];
            var length = BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(_start + 5));
            if (length > LargestFrame) throw new AnswerBrokenException("A frame has an impossible length.");
            await FillAsync(HeaderLength + (int)length + 4);
            var payload = _buffer.AsMemory(_start + HeaderLength, (int)length);
            var sum = BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(_start + HeaderLength + (int)length));
            _hasFrames = true;
            if (sum != Crc32.Append(0, payload.Span)) throw new AnswerBrokenException("A frame arrived damaged.") { MayHaveArrived = true };
            _start += HeaderLength + (int)length + 4;
            if ((type & 0x7f) == (int)FrameType.Heartbeat) continue;
            return new Frame((FrameType)(type & 0x7f), (type & 0x80) == 0 ? payload : Inflate(payload));
        }
    }

    public async ValueTask DisposeAsync()
    {
        _idle.Dispose();
        await stream.DisposeAsync();
        response.Dispose();
        Return(ref _buffer!);
        Return(ref _inflated);
    }

    private static AnswerBrokenException OrdinaryPage() =>
        new("The answer is an ordinary page, not the connector's.") { IsOrdinaryPage = true };

    private static void Return(ref byte[]? buffer)
    {
        if (buffer is { Length: > 0 }) Buffers.Return(buffer);
        buffer = [];
    }

    private async ValueTask SkipToMagicAsync()
    {
        while (true)
        {
            await FillAsync(Magic.Length);
            var found = _buffer.AsSpan(_start, _end - _start).IndexOf(Magic);
            if (found == 0) return;

            // The last three bytes may be the beginning of what is looked for.
            var skip = found > 0 ? found : _end - _start - (Magic.Length - 1);
            _start += skip;
            _junk += skip;
            if (_junk > MostJunk) throw OrdinaryPage();
        }
    }

    /// <summary>Has at least so many bytes in the buffer, from the present position on.</summary>
    private async ValueTask FillAsync(int length)
    {
        if (_end - _start >= length) return;
        if (_start == _end) _start = _end = 0;
        if (_start + length > _buffer.Length)
        {
            var target = length > _buffer.Length ? Buffers.Rent(length) : _buffer;
            _buffer.AsSpan(_start, _end - _start).CopyTo(target);
            if (target != _buffer) Buffers.Return(_buffer);
            _buffer = target;
            _end -= _start;
            _start = 0;
        }

        while (_end - _start < length)
        {
            var read = await ReadSomeAsync();
            if (read == 0) throw _hasFrames ? new AnswerBrokenException("The answer ended early.") { MayHaveArrived = true } : OrdinaryPage();
            _end += read;
        }
    }

    private async ValueTask<int> ReadSomeAsync()
    {
        cancellation.ThrowIfCancellationRequested();
        try
        {
            // What has arrived needs no clock.
            var reading = stream.ReadAsync(_buffer.AsMemory(_end), _idle.Token);
            if (reading.IsCompletedSuccessfully) return reading.Result;
            _idle.CancelAfter(IdleTimeout);
            using var stop = cancellation.UnsafeRegister(static idle => ((CancellationTokenSource)idle!).Cancel(), _idle);
            var read = await reading;

            // The time that the caller takes for a frame is not the site's.
            _idle.CancelAfter(Timeout.InfiniteTimeSpan);
            return read;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new AnswerBrokenException("The site fell silent.") { MayHaveArrived = true };
        }
        catch (Exception trouble) when (trouble is IOException or HttpRequestException)
        {
            throw new AnswerBrokenException(SourceFaults.Broken, trouble) { MayHaveArrived = true };
        }
    }

    private ReadOnlyMemory<byte> Inflate(ReadOnlyMemory<byte> payload)
    {
        var length = BinaryPrimitives.ReadUInt32LittleEndian(payload.Span);
        if (length > LargestFrame) throw new AnswerBrokenException("A frame has an impossible length.");
        if (_inflated is null || _inflated.Length < length)
        {
            Return(ref _inflated);
            _inflated = Buffers.Rent((int)length);
        }

        using var deflate = new DeflateStream(new ReadOnlyMemoryStream(payload[4..]), CompressionMode.Decompress);
        deflate.ReadExactly(_inflated, 0, (int)length);
        return _inflated.AsMemory(0, (int)length);
    }
}
