using Akka.Actor;
using Akka.Hosting;
using CloneHub.Contracts;
using CloneHub.Jobs;
using CloneHub.Jobs.GetJobStatus;
using CloneHub.Jobs.Queue;
using Microsoft.Extensions.DependencyInjection;

namespace CloneHub.Chaos.Faults;

/// <summary>Faults of what actors tell each other: who waits, who may begin, who is woken.</summary>
internal static class BrokenQueue
{
    public static IReadOnlyList<Fault> All { get; } =
    [
        new("WakesNobody", "No job is woken unless somebody asks for it.", [Rules.AllAreOver], To<JobsRegion>(letter => letter is WakeJob ? null : letter)),
        new("ForgetsItsLeases", "A job that builds is taken for one that has left its slot.", [Rules.NotMoreThanSlots], To<SlotQueue>(letter => letter is HoldSlot hold ? new ReleaseSlot(hold.Job, hold.Tenant) : letter)),
        new("NeverFreesASlot", "A slot that was used is never given to anybody else.", [Rules.EndsAreSeen], To<SlotQueue>(letter => letter is ReleaseSlot ? null : letter)),
    ];

    /// <param name="read">What arrives instead of the letter; null if nothing does.</param>
    private static Action<IServiceCollection> To<TActor>(Func<object, object?> read) => services =>
        services.Decorate<AkkaConfigurationBuilder>((builder, _) => builder.AddStartup((system, registry) =>
        {
            var real = registry.Get<TActor>();
            registry.Register<TActor>(system.ActorOf(Props.Create(() => new Postman(real, read))), overwrite: true);
        }));

    /// <summary>Opens every letter.</summary>
    private sealed class Postman : ReceiveActor
    {
        public Postman(IActorRef real, Func<object, object?> read) => ReceiveAny(letter =>
        {
            if (read(letter) is { } arrives) real.Forward(arrives);
        });
    }
}
