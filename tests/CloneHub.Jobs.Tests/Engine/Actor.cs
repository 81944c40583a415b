using Akka.Actor;
using Akka.Hosting;

namespace CloneHub.Jobs.Tests.Engine;

/// <summary>An actor as the container would hand it out.</summary>
internal sealed class Actor<TKey>(Func<IActorRef> actor) : IRequiredActor<TKey>
{
    public Actor(IActorRef actor)
        : this(() => actor)
    {
    }

    public IActorRef ActorRef => actor();

    public Task<IActorRef> GetAsync(CancellationToken cancellationToken = default) => Task.FromResult(actor());
}
