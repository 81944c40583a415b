using System.Text.Json;

namespace CloneHub.Provisioning.WordPress;

/// <summary>
/// The frames of one operation over as many answers as it takes. Every answer begins with <see cref="FrameType.Opened"/>: the
/// caller then goes on from what it has complete, which <paramref name="request"/> must ask for.
/// </summary>
/// <param name="onWaited">Gets the seconds that an answer has waited for the site's visitors.</param>
internal sealed class FrameStream(SourceCalls calls, string op, Func<byte[]> request, TransferPace pace, Action<double> onWaited, CancellationToken cancellation) : IAsyncDisposable
{
    private readonly ConnectorErrors _errors = new();
    private FrameReader? _reader;

    public async ValueTask<Frame> NextAsync()
    {
        while (true)
        {
            try
            {
                if (_reader is null)
                {
                    _reader = await calls.OpenAsync(op, request(), cancellation);
                    return new Frame(FrameType.Opened, default);
                }

                return await TakeAsync(_reader);
            }
            catch (AnswerBrokenException trouble)
            {
                await CloseAsync();
                _errors.Note(trouble);
                await pace.BrokenAsync(trouble, cancellation);
            }
        }
    }

    /// <summary>The caller cannot make sense of what it got; asks again from what it has complete.</summary>
    public async Task DistrustAsync(AnswerBrokenException trouble)
    {
        await CloseAsync();
        await pace.BrokenAsync(trouble, cancellation);
    }

    /// <summary>Something of what was asked for arrived: earlier failures do not count against what comes.</summary>
    public void Advanced()
    {
        _errors.Forget();
        pace.Advanced();
    }

    /// <summary>Leaves the rest of the answer: the next one goes on from what the caller now asks for.</summary>
    public ValueTask RestartAsync() => CloseAsync();

    /// <summary>The frame that ends the answer once nothing more is wanted; empty if the connection broke before it.</summary>
    public async ValueTask<Frame> LastAsync()
    {
        if (_reader is null) return default;
        try
        {
            return await TakeAsync(_reader);
        }
        catch (AnswerBrokenException)
        {
            // Everything that was asked for is here; only a remark is lost.
            return default;
        }
    }

    public async ValueTask DisposeAsync() => await CloseAsync();

    private async ValueTask<Frame> TakeAsync(FrameReader reader)
    {
        var frame = await reader.ReadAsync();
        switch (frame.Type)
        {
            case FrameType.Error:
                throw SourceCalls.FailureOf(frame);
            case FrameType.Yield or FrameType.End:
                // The payload lives in the reader's buffer, which goes with it.
                frame = new Frame(frame.Type, frame.Payload.ToArray());
                await CloseAsync();
                pace.Completed();
                // A connector of an earlier version does not tell.
                if (frame.Payload.Length > 0 && JsonElement.Parse(frame.Payload.Span).TryGetProperty("waited", out var waited)) onWaited(waited.GetDouble());
                break;
        }

        return frame;
    }

    private async ValueTask CloseAsync()
    {
        if (_reader is { } reader)
        {
            _reader = null;
            await reader.DisposeAsync();
        }
    }
}
