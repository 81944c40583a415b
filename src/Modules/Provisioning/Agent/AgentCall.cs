using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using CloneHub.Contracts;

namespace CloneHub.Provisioning.Agent;

/// <summary>
/// One conversation with clonehub-agent, whatever carries its three streams. The document is announced with its length, because the
/// channel into a container cannot end the agent's input. What comes back is written where strangers' code runs: it is bounded, and a
/// message is only ever text.
/// </summary>
internal static class AgentCall
{
    /// <summary>Bytes of a document and of a line.</summary>
    public const int LargestDocument = 1 << 20;

    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(60);

    /// <summary>The bytes for the agent's standard input.</summary>
    public static byte[] Document(AgentRequest request)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(request, request.GetType(), AgentJson.Default);
        return [.. Encoding.ASCII.GetBytes(json.Length.ToString(CultureInfo.InvariantCulture) + "\n"), .. json];
    }

    /// <summary>Reads the agent's standard output to its last line.</summary>
    /// <exception cref="StepFaultException">The agent failed with a named fault; or it said nothing for a minute, ended without an end, or said no JSON (BACKEND_UNAVAILABLE).</exception>
    /// <exception cref="OvertakenException">An agent with a newer fence has begun.</exception>
    public static async Task<TEnd> ReadAsync<TEnd>(
        Stream output, StepToken token, IProgress<ContentProgress>? progress, TimeProvider clock, CancellationToken cancellation)
        where TEnd : AgentEnd
    {
        var lines = PipeReader.Create(output, new StreamPipeReaderOptions(leaveOpen: true));
        try
        {
            while (true)
            {
                switch (await NextAsync(lines, clock, cancellation))
                {
                    case AgentProgress step:
                        progress?.Report(new ContentProgress(Math.Clamp(step.Fraction, 0, 1), step.Message.Length <= 200 ? step.Message : step.Message[..200]));
                        break;
                    case TEnd end:
                        return end;
                    case AgentFailed { Fault: var fault }:
                        throw IsCode(fault.Code) ? new StepFaultException(fault) : Silent("it said nothing that can be understood");
                    case AgentOvertaken:
                        throw new OvertakenException(token);
                    case AgentEnd other:
                        throw Silent($"it answered with {other.GetType().Name}");
                }
            }
        }
        finally
        {
            await lines.CompleteAsync();
        }
    }

    private static async Task<AgentLine> NextAsync(PipeReader lines, TimeProvider clock, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(LongestSilence, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            while (true)
            {
                var read = await lines.ReadAsync(either.Token);
                if (read.Buffer.PositionOf((byte)'\n') is { } end)
                {
                    var line = Parse(read.Buffer.Slice(0, end));
                    lines.AdvanceTo(read.Buffer.GetPosition(1, end));
                    return line;
                }

                if (read.Buffer.Length > LargestDocument) throw Silent("a line of it has no end");
                if (read.IsCompleted) throw Silent("it ended without an answer");
                lines.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw Silent($"it said nothing for {LongestSilence.TotalSeconds:0} seconds");
        }
        catch (IOException broken)
        {
            throw Silent("the connection to it broke", broken);
        }
    }

    private static AgentLine Parse(ReadOnlySequence<byte> line)
    {
        try
        {
            var reader = new Utf8JsonReader(line);
            return JsonSerializer.Deserialize(ref reader, AgentJson.Default.AgentLine) ?? throw Silent("it said nothing that can be understood");
        }
        catch (JsonException broken)
        {
            throw Silent("it said nothing that can be understood", broken);
        }
    }

    private static bool IsCode(string code) => code.Length is > 0 and <= 40 && code.All(letter => char.IsAsciiLetterUpper(letter) || char.IsAsciiDigit(letter) || letter == '_');

    private static StepFaultException Silent(string why, Exception? inner = null) => new(
        new StepFault(
            StepFault.BackendUnavailable, $"The program in the clone's pod did not finish: {why}.", "It is tried again for some minutes; nothing needs to be done.", Retryable: true),
        inner);
}
