using Akka.Actor;
using Akka.Hosting;
using CloneHub.Contracts;
using CloneHub.Jobs.GetJobStatus;
using Microsoft.Extensions.DependencyInjection;

namespace CloneHub.Jobs.Queue;

/// <summary>Asks the queue itself, wherever it runs: what a node remembers of it may be as old as the queue is silent.</summary>
/// <param name="services">The queue is looked up when it is asked: there is none yet while services are put together.</param>
internal sealed class QueueGauge(IServiceProvider services) : IQueueGauge
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task<QueueReading> ReadAsync(CancellationToken cancellation)
    {
        try
        {
            var state = await services.GetRequiredService<IRequiredActor<SlotQueue>>().ActorRef.Ask<QueueState>(new GetQueueState(), Patience, cancellation);
            if (!state.IsComplete) throw new QueueUnreadableException("The queue has just started and does not know every job yet.");
            return new QueueReading(state.Waiting - state.Capped, state.Building, state.Slots, state.Clones, state.ClonesLimit);
        }
        catch (Exception silent) when (silent is AskTimeoutException or MissingActorRegistryEntryException)
        {
            throw new QueueUnreadableException("The queue does not answer.", silent);
        }
    }
}
