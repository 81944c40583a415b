using System.Text.Json;
using System.Text.Json.Serialization;
using CloneHub.Contracts;
using CloneHub.Jobs.Callbacks;
using CloneHub.Jobs.Certificates;
using CloneHub.Jobs.Queue;
using CloneHub.Jobs.Reporting;

namespace CloneHub.Jobs.Api;

/// <summary>Everything this API writes: snake_case, absent instead of null, times in UTC with a Z.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(UtcTimeConverter), typeof(JobStatusConverter)])]
[JsonSerializable(typeof(JobBody))]
[JsonSerializable(typeof(JobListBody))]
[JsonSerializable(typeof(CallbackBody))]
[JsonSerializable(typeof(AppPasswordBody))]
[JsonSerializable(typeof(AppPasswordRequestBody))]
[JsonSerializable(typeof(CloneLogBody))]
[JsonSerializable(typeof(SignedCertificateBody))]
[JsonSerializable(typeof(PublicKeysBody))]
[JsonSerializable(typeof(WebhookSecretBody))]
[JsonSerializable(typeof(CloneRequestBody))]
[JsonSerializable(typeof(ExtendRequestBody))]
[JsonSerializable(typeof(RestoreRequestBody))]
[JsonSerializable(typeof(JobEventBody))]
[JsonSerializable(typeof(JobProgressBody))]
[JsonSerializable(typeof(ProblemBody))]
[JsonSerializable(typeof(QueueBody))]
[JsonSerializable(typeof(ReportBody<ClonesRow>))]
[JsonSerializable(typeof(ReportBody<FailuresRow>))]
[JsonSerializable(typeof(ReportBody<StepDurationsRow>))]
[JsonSerializable(typeof(ReportBody<QueueWaitRow>))]
[JsonSerializable(typeof(ReportBody<LiveClonesRow>))]
internal sealed partial class WireJson : JsonSerializerContext;

internal sealed class UtcTimeConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(WireTime.Of(value));
}

internal sealed class JobStatusConverter() : JsonStringEnumConverter<JobStatus>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);

/// <summary>The one place where a secret becomes text again: in the answer to its owner.</summary>
internal sealed class RevealedSecretConverter : JsonConverter<Secret>
{
    public override Secret? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetString() is { } text ? new Secret(text) : null;

    public override void Write(Utf8JsonWriter writer, Secret value, JsonSerializerOptions options) => writer.WriteStringValue(value.Reveal());
}
