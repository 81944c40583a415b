using System.Text.Json;
using System.Text.Json.Serialization;
using CloneHub.Contracts;

namespace CloneHub.Provisioning.Agent;

/// <summary>The one place where secrets have a JSON form: the document goes to the agent's standard input and nowhere else.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(JobIdConverter), typeof(RevealingConverter)])]
[JsonSerializable(typeof(ImportRequest))]
[JsonSerializable(typeof(ActivateRequest))]
[JsonSerializable(typeof(ProbeRequest))]
[JsonSerializable(typeof(LogRequest))]
[JsonSerializable(typeof(AgentLine))]
internal sealed partial class AgentJson : JsonSerializerContext;

internal sealed class JobIdConverter : JsonConverter<JobId>
{
    public override JobId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        JobId.TryParse(reader.GetString(), out var job) ? job : throw new JsonException("That is no job id.");

    public override void Write(Utf8JsonWriter writer, JobId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
}

internal sealed class RevealingConverter : JsonConverter<Secret>
{
    public override Secret Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetString() ?? "");

    public override void Write(Utf8JsonWriter writer, Secret value, JsonSerializerOptions options) => writer.WriteStringValue(value.Reveal());
}
