using System.Text.Json;

namespace CloneHub.EndToEnd.Tests;

/// <summary>What an answer consists of: every name in it with the kind of its value.</summary>
internal static class JsonShape
{
    public static IReadOnlyList<string> Of(JsonElement value) => [.. Lines(value, "").Order(StringComparer.Ordinal)];

    private static IEnumerable<string> Lines(JsonElement value, string path) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().SelectMany(member => Lines(member.Value, $"{path}/{member.Name}")),
        // What a list holds may be nothing today; that it is a list stays.
        JsonValueKind.Array => [$"{path}: list"],
        _ => [$"{path}: {value.ValueKind}"],
    };
}
