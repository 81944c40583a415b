using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CloneHub.Provisioning.Agent;

namespace CloneHub.Agent;

/// <summary>The document on standard input is not what the command takes; the message says why and quotes nothing of it.</summary>
internal sealed class DocumentException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Reads one document of announced length: a line with the number of its bytes, then those bytes. What follows them is nobody's business.</summary>
internal static class AgentInput
{
    private const int LongestNumber = 10;

    // The document is sent as soon as the program is started.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static async Task<TRequest> ReadAsync<TRequest>(Stream input, JsonTypeInfo<TRequest> type, TimeProvider clock)
        where TRequest : AgentRequest
    {
        try
        {
            // A read of standard input cannot be cancelled; the program's end ends it.
            return Parse(await ReadAsync(input).WaitAsync(Patience, clock), type);
        }
        catch (TimeoutException late)
        {
            throw new DocumentException($"The document did not come within {Patience.TotalSeconds:0} seconds.", late);
        }
    }

    private static async Task<byte[]> ReadAsync(Stream input)
    {
        var document = new byte[await LengthAsync(input)];
        var read = await input.ReadAtLeastAsync(document, document.Length, throwOnEndOfStream: false);
        return read == document.Length ? document : throw new DocumentException($"The input ended after {read} of {document.Length} bytes.");
    }

    private static async Task<int> LengthAsync(Stream input)
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (line.Length <= LongestNumber)
        {
            if (await input.ReadAsync(one) == 0) throw new DocumentException("The input ended before the length of the document.");
            if (one[0] != (byte)'\n')
            {
                line.Append((char)one[0]);
                continue;
            }

            if (int.TryParse(line.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var length) && length is > 0 and <= AgentCall.LargestDocument) return length;
            break;
        }

        throw new DocumentException($"The input must begin with a line that holds the length of the document: 1 to {AgentCall.LargestDocument} bytes.");
    }

    private static TRequest Parse<TRequest>(byte[] document, JsonTypeInfo<TRequest> type)
        where TRequest : AgentRequest
    {
        TRequest? request;
        try
        {
            request = JsonSerializer.Deserialize(document, type);
        }
        catch (JsonException wrong)
        {
            // The parser's own text could quote a value, and values are secrets here.
            throw new DocumentException($"The document is no {typeof(TRequest).Name}: see {wrong.Path ?? "its beginning"}.");
        }

        if (request is null) throw new DocumentException($"The document is no {typeof(TRequest).Name}.");
        return request.Protocol == AgentRequest.CurrentProtocol
            ? request
            : throw new DocumentException($"The document is of protocol {request.Protocol}, this program of {AgentRequest.CurrentProtocol}: the image and the Host are of different releases.");
    }
}
