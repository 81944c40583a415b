using System.Runtime.Serialization;
using System.Text.Json;
using Akka.Actor;
using Akka.Serialization;
using CloneHub.Contracts;

namespace CloneHub.Jobs.Nodes;

/// <summary>Messages between nodes: manifest = name of the message (<see cref="WireNames"/>), payload = JSON. They hold no secret.</summary>
internal sealed class WireSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    public override int Identifier => 40_202;

    public override string Manifest(object o) =>
        WireNames.Of(o.GetType()) ?? throw new SerializationException($"{o.GetType().Name} has no name in WireNames, so it cannot go to another node.");

    public override byte[] ToBinary(object obj) => JsonSerializer.SerializeToUtf8Bytes(obj, obj.GetType(), WireFormat.Options);

    public override object FromBinary(byte[] bytes, string manifest)
    {
        // To Akka this is a message that cannot be read: it is logged and dropped, and the connection stays.
        var type = WireNames.TypeOf(manifest) ?? throw new SerializationException($"A node sent '{manifest}', which this version does not know.");
        return (IWireMessage)JsonSerializer.Deserialize(bytes, type, WireFormat.Options)!;
    }
}

/// <summary>
/// In the place of Akka's serializer for everything that has none of its own: that one builds whatever type the sender names. What is not
/// meant to leave its node is refused where it is sent.
/// </summary>
internal sealed class RefusingSerializer(ExtendedActorSystem system) : Serializer(system)
{
    public override int Identifier => 40_203;

    public override bool IncludeManifest => true;

    public override byte[] ToBinary(object obj) => throw new SerializationException($"{obj.GetType()} is not meant to leave its node.");

    public override object FromBinary(byte[] bytes, Type type) => throw new SerializationException($"{type} is not taken from another node.");
}
