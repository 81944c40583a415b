using System.Text.Json;

namespace CloneHub.Jobs.Api;

/// <summary>Reads an object's fields one by one and collects what is wrong with them, so that a caller learns everything at once.</summary>
internal sealed class FieldReader(JsonElement root)
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string[]> _errors = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, string[]> Errors => _errors;

    /// <summary>True if the field is there and is not null.</summary>
    public bool Has(string name) => root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;

    public string? Text(string name, int maxLength)
    {
        _known.Add(name);
        if (!Has(name)) return null;
        var value = root.GetProperty(name);
        if (value.ValueKind != JsonValueKind.String) return Refused<string>(name, "must be text");
        string text;
        try
        {
            text = value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, written as \ud800: JSON, but no text. Nothing is lost: the caller is told.
            return Refused<string>(name, "must be valid Unicode text");
        }

        return text.Length <= maxLength ? text : Refused<string>(name, $"must have at most {maxLength} characters");
    }

    public int? Integer(string name)
    {
        _known.Add(name);
        if (!Has(name)) return null;
        var value = root.GetProperty(name);
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number)) return number;
        Refuse(name, "must be a whole number");
        return null;
    }

    public bool? Flag(string name)
    {
        _known.Add(name);
        if (!Has(name)) return null;
        var kind = root.GetProperty(name).ValueKind;
        if (kind is JsonValueKind.True or JsonValueKind.False) return kind is JsonValueKind.True;
        Refuse(name, "must be true or false");
        return null;
    }

    /// <summary>Null if it is not there; none of the texts is empty, or twice among them.</summary>
    public IReadOnlyList<string>? Texts(string name, int most, int maxLength)
    {
        _known.Add(name);
        if (!Has(name)) return null;
        var value = root.GetProperty(name);
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > most) return Refused<IReadOnlyList<string>>(name, $"must be a list of at most {most} texts");
        var texts = value.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.String && Utf8Of(item) is { Length: > 0 } text && text.Length <= maxLength ? text : null).ToList();
        return texts.Contains(null) || texts.Distinct(StringComparer.Ordinal).Count() < texts.Count
            ? Refused<IReadOnlyList<string>>(name, $"must hold different texts of 1 to {maxLength} characters")
            : [.. texts.Select(text => text!)];
    }

    /// <summary>A field of the contract that may be there, but so far with one value only, or null.</summary>
    public void Only(string name, JsonValueKind allowed)
    {
        _known.Add(name);
        if (Has(name) && root.GetProperty(name).ValueKind != allowed) Refuse(name, "is not supported yet");
    }

    public void Refuse(string name, string reason) => _errors.TryAdd(name, [reason]);

    public void RefuseOthers()
    {
        foreach (var field in root.EnumerateObject())
            if (!_known.Contains(field.Name)) Refuse(field.Name, "is not a field of this request");
    }

    public Problem ToProblem() => Problem.Invalid(_errors);

    private static string? Utf8Of(JsonElement text)
    {
        try
        {
            return text.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair: JSON, but no text.
            return null;
        }
    }

    private T? Refused<T>(string name, string reason) where T : class
    {
        Refuse(name, reason);
        return null;
    }
}
