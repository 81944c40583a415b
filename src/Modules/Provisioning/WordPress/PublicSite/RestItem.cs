using System.Globalization;
using System.Text.Json;

namespace CloneHub.Provisioning.WordPress.PublicSite;

/// <summary>One object of a REST answer. What is missing or of another type is empty: plugins change what a site answers.</summary>
internal readonly record struct RestItem(JsonElement Json)
{
    private const int MostIds = 1_000;

    internal long Id => Number("id");

    internal JsonElement this[string name] =>
        Json.ValueKind == JsonValueKind.Object && Json.TryGetProperty(name, out var value) ? value : default;

    internal string Text(string name) => this[name] is { ValueKind: JsonValueKind.String } text ? text.GetString()! : "";

    /// <summary>Fields that the site gives as it shows them: {"rendered": "…"}.</summary>
    internal string Rendered(string name) => new RestItem(this[name]).Text("rendered");

    internal long Number(string name) => this[name] switch
    {
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt64(out var value) => value,
        { ValueKind: JsonValueKind.String } text when long.TryParse(text.GetString(), NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) => value,
        _ => 0,
    };

    internal bool Flag(string name) => this[name].ValueKind == JsonValueKind.True;

    internal RestItem Inner(string name) => new(this[name]);

    internal IEnumerable<long> Ids(string name) =>
        this[name] is { ValueKind: JsonValueKind.Array } list ? [.. list.EnumerateArray().Take(MostIds).Where(id => id.TryGetInt64Safe(out _)).Select(id => id.GetInt64())] : [];

    internal IEnumerable<(string Name, RestItem Value)> Members(string name) =>
        this[name] is { ValueKind: JsonValueKind.Object } members ? [.. members.EnumerateObject().Select(member => (member.Name, new RestItem(member.Value)))] : [];

    /// <summary>As MySQL writes a moment. Null where the site gives none, or one that is none.</summary>
    internal string? Moment(string name) =>
        DateTime.TryParse(Text(name), CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal, out var moment)
            ? moment.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) : null;
}

internal static class JsonElementExtensions
{
    internal static bool TryGetInt64Safe(this JsonElement element, out long value)
    {
        value = 0;
        return element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out value);
    }
}
