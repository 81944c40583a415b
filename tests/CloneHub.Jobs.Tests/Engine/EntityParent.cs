using Akka.Actor;
using Akka.Cluster.Sharding;

namespace CloneHub.Jobs.Tests.Engine;

/// <summary>Routes messages to jobs as a shard region does, without a cluster: same extractor, same passivation, one process.</summary>
internal sealed class EntityParent : ReceiveActor
{
    private readonly IMessageExtractor _extractor;
    private readonly Func<string, Props> _entity;
    private readonly Dictionary<IActorRef, List<(object Message, IActorRef Sender)>> _leaving = [];

    public EntityParent(IMessageExtractor extractor, Func<string, Props> entity)
    {
        (_extractor, _entity) = (extractor, entity);
        Receive<Passivate>(p =>
        {
            if (_leaving.TryAdd(Context.Watch(Sender), [])) Sender.Tell(p.StopMessage);
        });
        Receive<Terminated>(t =>
        {
            if (!_leaving.Remove(t.ActorRef, out var late)) return;
            foreach (var (message, sender) in late) Self.Tell(message, sender);
        });
        ReceiveAny(Route);
    }

    private void Route(object message)
    {
        if (_extractor.EntityId(message) is not { } id)
        {
            Unhandled(message);
            return;
        }

        var child = Context.Child(id);
        if (_leaving.TryGetValue(child, out var late)) late.Add((message, Sender));
        else (child.Equals(ActorRefs.Nobody) ? Context.ActorOf(_entity(id), id) : child).Forward(_extractor.EntityMessage(message));
    }
}
