using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CloneHub.Infra.Tests;

/// <summary>
/// Compares an object with its schema and refuses what the API server would drop in silence: a field that the schema does not know. CRDs'
/// CEL rules are not evaluated.
/// </summary>
internal sealed class StrictCheck(Schemas schemas)
{
    public IReadOnlyList<string> Faults(Manifest manifest)
    {
        if (schemas.Of(manifest.ApiVersion, manifest.Kind) is not { } schema) return [$"{manifest}: no schema knows {manifest.ApiVersion} {manifest.Kind}"];
        var faults = new List<string>();
        Check(manifest.Object, schema, "", faults);
        return [.. faults.Select(fault => $"{manifest}{fault}")];
    }

    private void Check(JsonNode? node, JsonObject schema, string path, List<string> faults)
    {
        if (schema["$ref"] is { } reference)
        {
            Check(node, schemas.Definitions[((string)reference!).Split('/')[^1]]!.AsObject(), path, faults);
            return;
        }

        // metadata of a custom resource and the root's own three fields have no schema of their own.
        if (node is null) return;
        CheckAlternatives(node, schema, path, faults);
        if (!IsOfType(node, schema))
        {
            faults.Add($" {path} is {node.GetValueKind()}, not {schema["type"]}");
            return;
        }

        if (schema["enum"] is JsonArray allowed && !allowed.Any(value => JsonNode.DeepEquals(value, node))) faults.Add($" {path} may not be {node.ToJsonString()}");
        if (node is JsonObject map) CheckFields(map, schema, path, faults);
        if (node is JsonArray list) CheckItems(list, schema, path, faults);
        if (node is JsonValue value) CheckValue(value, schema, path, faults);
    }

    private void CheckAlternatives(JsonNode node, JsonObject schema, string path, List<string> faults)
    {
        if ((bool?)schema["x-kubernetes-int-or-string"] == true) return;
        foreach (var word in (string[])["oneOf", "anyOf"])
        {
            if (schema[word] is not JsonArray choices) continue;
            var fitting = choices.Count(choice =>
            {
                var inner = new List<string>();
                Check(node, WithFieldsOf(choice!.AsObject(), schema), path, inner);
                return inner.Count == 0;
            });
            if (fitting == 0 || (word == "oneOf" && fitting > 1 && schema["properties"] is not null)) faults.Add($" {path} fits {fitting} of {word}");
        }
    }

    /// <summary>An alternative often names required fields only, whose schema stands outside it.</summary>
    private static JsonObject WithFieldsOf(JsonObject choice, JsonObject schema)
    {
        var merged = choice.DeepClone().AsObject();
        merged.Remove("not");
        if (schema["properties"] is { } outer) merged["properties"] = outer.DeepClone();
        if (schema["additionalProperties"] is { } others) merged["additionalProperties"] = others.DeepClone();
        return merged;
    }

    private void CheckFields(JsonObject map, JsonObject schema, string path, List<string> faults)
    {
        foreach (var required in schema["required"] as JsonArray ?? [])
        {
            if (!map.ContainsKey((string)required!)) faults.Add($" {path} lacks {required}");
        }

        var known = schema["properties"] as JsonObject;
        var others = schema["additionalProperties"] as JsonObject;
        var open = known is null && others is null;
        open |= (bool?)schema["x-kubernetes-preserve-unknown-fields"] == true || schema["additionalProperties"] is JsonValue any && (bool)any;
        foreach (var (name, value) in map)
        {
            var here = $"{path}/{name}";
            if (known?[name] is JsonObject field) Check(value, IsMetadata(here, field) ? Metadata : field, here, faults);
            else if (others is not null) Check(value, others, here, faults);
            else if (!open) faults.Add($" {here} is not known");
        }
    }

    private JsonObject Metadata => schemas.Definitions["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"]!.AsObject();

    private static bool IsMetadata(string path, JsonObject field) => path == "/metadata" && field["$ref"] is null && field["properties"] is null;

    private void CheckItems(JsonArray list, JsonObject schema, string path, List<string> faults)
    {
        if (Limit(schema, "minItems") is { } least && list.Count < least) faults.Add($" {path} has fewer than {least} items");
        if (Limit(schema, "maxItems") is { } most && list.Count > most) faults.Add($" {path} has more than {most} items");
        if (schema["items"] is not JsonObject items) return;
        for (var i = 0; i < list.Count; i++) Check(list[i], items, $"{path}/{i}", faults);
    }

    private static void CheckValue(JsonValue value, JsonObject schema, string path, List<string> faults)
    {
        if (value.GetValueKind() is JsonValueKind.String)
        {
            var text = (string)value!;
            if (schema["pattern"] is { } pattern && !Regex.IsMatch(text, (string)pattern!)) faults.Add($" {path} '{text}' does not match {pattern}");
            if (Limit(schema, "maxLength") is { } longest && text.Length > longest) faults.Add($" {path} is longer than {longest}");
            if (Limit(schema, "minLength") is { } shortest && text.Length < shortest) faults.Add($" {path} is shorter than {shortest}");
        }
        else if (value.GetValueKind() is JsonValueKind.Number)
        {
            if (Limit(schema, "minimum") is { } least && Number(value) < least) faults.Add($" {path} is less than {least}");
            if (Limit(schema, "maximum") is { } most && Number(value) > most) faults.Add($" {path} is more than {most}");
        }
    }

    private static bool IsOfType(JsonNode node, JsonObject schema)
    {
        var kind = node.GetValueKind();
        if ((bool?)schema["x-kubernetes-int-or-string"] == true) return kind is JsonValueKind.String or JsonValueKind.Number;
        return (string?)schema["type"] switch
        {
            null => true,
            "object" => kind is JsonValueKind.Object,
            "array" => kind is JsonValueKind.Array,
            "string" => kind is JsonValueKind.String,
            "boolean" => kind is JsonValueKind.True or JsonValueKind.False,
            "integer" => kind is JsonValueKind.Number && double.IsInteger(Number(node)),
            "number" => kind is JsonValueKind.Number,
            var other => throw new InvalidOperationException($"Type {other} is not known."),
        };
    }

    private static double? Limit(JsonObject schema, string name) => schema[name] is { } limit ? Number(limit) : null;

    private static double Number(JsonNode node) => double.Parse(node.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture);
}
