using System.Text.Json;
using System.Text.Json.Serialization;
using Akka.Actor;
using Akka.Serialization;

namespace CloneHub.Jobs;

/// <summary>How events are written as JSON, in the journal and in the event log alike.</summary>
internal static class EventJson
{
    public static readonly JsonSerializerOptions Options = Configure(new JsonSerializerOptions());

    public static JsonSerializerOptions Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.Converters.Add(new JsonStringEnumConverter());
        return options;
    }
}

/// <summary>An event was written under a name this version does not know.</summary>
internal sealed class UnknownEventException(string name)
    : Exception($"The log holds an event named '{name}', which this version does not know. Run a version that does; nothing is lost meanwhile.");

/// <summary>
/// Akka's side of the codec: manifest = name of the event (<see cref="EventNames"/>), payload = 16 bytes of event id and the event as JSON.
/// </summary>
internal sealed class EventSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private const int IdLength = 16;

    public override int Identifier => 40_201;

    public override string Manifest(object o) => EventNames.Of(((RecordedEvent)o).Event);

    public override byte[] ToBinary(object obj)
    {
        var recorded = (RecordedEvent)obj;
        var json = JsonSerializer.SerializeToUtf8Bytes(recorded.Event, recorded.Event.GetType(), EventJson.Options);
        var bytes = new byte[IdLength + json.Length];
        recorded.EventId.TryWriteBytes(bytes, bigEndian: true, out _);
        json.CopyTo(bytes.AsSpan(IdLength));
        return bytes;
    }

    public override object FromBinary(byte[] bytes, string manifest)
    {
        var type = EventNames.TypeOf(manifest) ?? throw new UnknownEventException(manifest);
        var e = (IJobEvent)JsonSerializer.Deserialize(bytes.AsSpan(IdLength), type, EventJson.Options)!;
        return new RecordedEvent(new Guid(bytes.AsSpan(0, IdLength), bigEndian: true), e);
    }
}
