using Akka.Actor;
using Akka.Cluster;
using CloneHub.Contracts;
using CloneHub.Jobs.Queue;

namespace CloneHub.Jobs.Nodes;

/// <summary>How a worker goes in order.</summary>
internal static class WorkerDrain
{
    /// <summary>Steps that are stopped clean up after themselves; who takes longer is overtaken by its successor.</summary>
    private static readonly TimeSpan PatienceWithStopped = TimeSpan.FromSeconds(5);

    public static async Task RunAsync(ActorSystem system, IActorRef offers, IActorRef runner, TimeSpan patience)
    {
        offers.Tell(new SlotOfferActor.EndOffers(AtOnce: false));
        var cluster = Cluster.Get(system);
        var drains = new WorkerDrains(cluster.SelfAddress.ToString());
        foreach (var member in cluster.State.Members.Where(member => member.HasRole(NodeRoles.Core)))
            system.ActorSelection(new RootActorPath(member.Address) / "user" / WorkersActor.Path).Tell(drains, ActorRefs.NoSender);
        try
        {
            await runner.Ask<StepsEnded>(new DrainSteps(AtOnce: false), patience);
        }
        catch (AskTimeoutException)
        {
            await runner.Ask<StepsEnded>(new DrainSteps(AtOnce: true), PatienceWithStopped);
        }
        finally
        {
            offers.Tell(new SlotOfferActor.EndOffers(AtOnce: true));
        }
    }
}
