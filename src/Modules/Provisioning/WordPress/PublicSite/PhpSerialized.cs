using System.Globalization;
using System.Text;
using System.Text.Json;

namespace CloneHub.Provisioning.WordPress.PublicSite;

/// <summary>Values as PHP's serialize() writes them: how WordPress keeps lists in its database.</summary>
internal static class PhpSerialized
{
    /// <summary>Takes text, whole numbers, truth values, JSON, and sequences of pairs (keys: text or whole numbers).</summary>
    internal static string Of(object? value) => value switch
    {
        null => "N;",
        bool flag => flag ? "b:1;" : "b:0;",
        int number => string.Create(CultureInfo.InvariantCulture, $"i:{number};"),
        long number => string.Create(CultureInfo.InvariantCulture, $"i:{number};"),
        double number => string.Create(CultureInfo.InvariantCulture, $"d:{number:R};"),
        string text => string.Create(CultureInfo.InvariantCulture, $"s:{Encoding.UTF8.GetByteCount(text)}:\"{text}\";"),
        JsonElement json => Of(FromJson(json)),
        IEnumerable<(object Key, object? Value)> pairs => Array([.. pairs]),
        _ => throw new ArgumentException($"{value.GetType().Name} has no form here.", nameof(value)),
    };

    /// <summary>A list with keys 0, 1, 2 and so on.</summary>
    internal static string List(IEnumerable<object?> values) => Array([.. values.Select((value, index) => ((object)index, value))]);

    private static string Array(IReadOnlyList<(object Key, object? Value)> pairs)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"a:{pairs.Count}:{{");
        foreach (var (key, value) in pairs) text.Append(Of(key)).Append(Of(value));
        return text.Append('}').ToString();
    }

    private static object? FromJson(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => json.GetString(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number => json.TryGetInt64(out var number) ? (object)number : json.GetDouble(),
        JsonValueKind.Array => json.EnumerateArray().Select((item, index) => ((object)index, (object?)item)),
        JsonValueKind.Object => json.EnumerateObject().Select(member => ((object)member.Name, (object?)member.Value)),
        _ => null,
    };
}
