using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;

namespace CloneHub.Jobs.Api;

/// <summary>The body of a request: one JSON object in UTF-8, read strictly.</summary>
internal static class JsonBody
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    public static async Task<(byte[] Body, Problem? Problem)> ReadAsync(PipeReader reader, CancellationToken cancellation)
    {
        try
        {
            using var body = new MemoryStream();
            await reader.CopyToAsync(body, cancellation);
            return (body.ToArray(), null);
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            // Kestrel counts the bytes against the group's limit; nothing of the body is kept.
            return ([], new Problem(ProblemKind.BodyTooLarge, $"The body has more than {JobsApi.MaxBody / 1024} KB."));
        }
    }

    /// <summary>Exactly one of the two answers is set.</summary>
    public static (T? Body, Problem? Problem) Parse<T>(ReadOnlyMemory<byte> json, Func<FieldReader, (T? Body, Problem? Problem)> check)
        where T : class
    {
        if (!Utf8.IsValid(json.Span)) return (null, Malformed("The body is not valid UTF-8."));
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? check(new FieldReader(document.RootElement))
                : (null, Malformed("The body is JSON, but not an object."));
        }
        catch (JsonException e)
        {
            // The parser's own message may quote the body, and the body holds a password.
            return (null, Malformed(e.LineNumber is { } line
                ? $"The body is not JSON from line {line + 1}, byte {(e.BytePositionInLine ?? 0) + 1} on."
                : "The body is not JSON, or names a field twice."));
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, written as \ud800, in a name. Values that hold one are refused by their field.
            return (null, Malformed("The name of a field is not valid Unicode text."));
        }
    }

    private static Problem Malformed(string detail) => new(ProblemKind.MalformedJson, detail);
}
