using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CloneHub.Provisioning.WordPress;

/// <summary>One signed call to our plugin: sends it and tells an answer from everything else a web server may say.</summary>
internal sealed class SourceCalls(
    Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> send, Uri endpoint, CallSigner signer, TimeProvider clock)
{
    private static readonly TimeSpan HeaderTimeout = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan RefusalTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Opens an answer.</summary>
    /// <exception cref="AnswerBrokenException">No answer of our plugin, but trying again may help.</exception>
    /// <exception cref="StepFaultException">Trying again will not help.</exception>
    public async Task<FrameReader> OpenAsync(string op, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        var response = await SendAsync(op, body, cancellation);
        if (response.StatusCode == HttpStatusCode.Unauthorized && await CorrectClockAsync(response, cancellation))
        {
            response = await SendAsync(op, body, cancellation);
        }

        if (response.StatusCode == HttpStatusCode.OK) return await FrameReader.OpenAsync(response, clock, cancellation);
        using (response)
        {
            throw await RefusalAsync(response, cancellation);
        }
    }

    /// <summary>A call that is answered by one JSON object.</summary>
    public async Task<JsonElement> AskAsync(string op, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        await using var reader = await OpenAsync(op, body, cancellation);
        JsonElement? answer = null;
        while (true)
        {
            var frame = await reader.ReadAsync();
            switch (frame.Type)
            {
                case FrameType.Json:
                    answer = JsonElement.Parse(frame.Payload.Span);
                    break;
                case FrameType.Error:
                    throw FailureOf(frame);
                case FrameType.End when answer is { } complete:
                    return complete;
                default:
                    throw new AnswerBrokenException($"A frame of type {frame.Type} has no place in an answer to {op}.");
            }
        }
    }

    /// <summary>What an error of the connector means; it may say itself that another try will fail as well.</summary>
    internal static Exception FailureOf(Frame frame)
    {
        var error = JsonElement.Parse(frame.Payload.Span);
        var said = $"The connector failed: {error.GetProperty("message").GetString()} ({error.GetProperty("at").GetString()})";
        var isFinal = error.TryGetProperty("final", out var final) && final.ValueKind == JsonValueKind.True;
        return isFinal ? SourceFaults.ConnectorFailed(said, retryable: false) : new AnswerBrokenException(said) { Said = said };
    }

    private async Task<HttpResponseMessage> SendAsync(string op, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(HeaderTimeout, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            return await send(signer.Sign(endpoint, op, body), both.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new AnswerBrokenException($"No answer to {op} within {HeaderTimeout.TotalSeconds:0} seconds.") { MayHaveArrived = true };
        }
        catch (StepFaultException trouble) when (trouble.Fault.Retryable)
        {
            throw new AnswerBrokenException(trouble.Message, trouble) { NeverBegan = true, MayHaveArrived = WasConnected(trouble.InnerException) };
        }
        catch (HttpRequestException trouble)
        {
            throw new AnswerBrokenException(trouble.Message, trouble) { NeverBegan = true, MayHaveArrived = WasConnected(trouble) };
        }
    }

    private static bool WasConnected(Exception? trouble) => trouble is not HttpRequestException
    {
        HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError,
    };

    /// <summary>True if the site's clock was the only trouble; from now on calls are signed with its time.</summary>
    private async Task<bool> CorrectClockAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var refusal = await ReadRefusalAsync(response, cancellation);
        if (refusal?.Error != "skew") return false;
        response.Dispose();
        signer.Offset = DateTimeOffset.FromUnixTimeSeconds(refusal.Time) - clock.GetUtcNow();
        return true;
    }

    private async Task<Exception> RefusalAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        if (response.Headers.TryGetValues("X-CloneHub-Fault", out var faults))
        {
            return faults.First() == "PHP_TOO_OLD" ? SourceFaults.PhpTooOld() : SourceFaults.NoOpenSsl();
        }

        if (response.StatusCode == HttpStatusCode.Gone) return SourceFaults.Expired();
        var status = (int)response.StatusCode;
        var refusal = await ReadRefusalAsync(response, cancellation);
        if (refusal?.Error is { } error) return SourceFaults.ChannelBlocked($"it refused a call ({error}).");
        var wait = response.Headers.RetryAfter?.Delta;
        return new AnswerBrokenException($"The site answered {status}.")
        {
            RetryAfter = wait,
            NeverBegan = status is 429 or 503,
            IsTooLarge = status is 413,
            IsOrdinaryPage = status is >= 300 and < 500 && status is not (408 or 425 or 429),
        };
    }

    private async Task<Refusal?> ReadRefusalAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        if (response.Content.Headers.ContentType?.MediaType != "application/json") return null;
        using var timeout = new CancellationTokenSource(RefusalTimeout, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            await response.Content.LoadIntoBufferAsync(64 * 1024, both.Token);
            var text = await response.Content.ReadAsByteArrayAsync(both.Token);
            return JsonSerializer.Deserialize(text, CallJson.Default.Refusal);
        }
        catch (Exception trouble) when (trouble is JsonException or HttpRequestException or IOException || (trouble is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            // Some other program's JSON is no refusal of ours; the caller judges by the status.
            return null;
        }
    }
}

internal sealed record Refusal(string? Error, long Time);

/// <summary>What our plugin says in JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Refusal))]
[JsonSerializable(typeof(SourceFacts))]
[JsonSerializable(typeof(SourceSchema))]
[JsonSerializable(typeof(ClonePluginFacts))]
[JsonSerializable(typeof(CloneUrls))]
[JsonSerializable(typeof(SourceAddresses))]
[JsonSerializable(typeof(IReadOnlyList<SourceExtension>))]
[JsonSerializable(typeof(Restore.TargetInspection))]
[JsonSerializable(typeof(Restore.TargetState))]
internal sealed partial class CallJson : JsonSerializerContext;
