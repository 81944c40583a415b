using Akka.Actor;
using Akka.Cluster;
using CloneHub.Contracts;
using CloneHub.Jobs.FollowJob;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CloneHub.Jobs.Queue;

/// <summary>How the queue is put together.</summary>
internal static class QueueServices
{
    public static void AddQueue(this IServiceCollection services)
    {
        services.AddOptions<QueueOptions>().BindConfiguration(QueueOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<QueueOptions>, QueueOptionsCheck>();
        services.AddSingleton<QueueLoad>();
        services.AddSingleton<IQueueGauge, QueueGauge>();
    }

    /// <param name="own">The only node there is; null where workers offer their slots themselves.</param>
    /// <param name="waker">Whoever wakes all live jobs; null while it is not there yet.</param>
    public static Props PropsOf(IServiceProvider services, string? own, IActorRef jobs, Func<IActorRef?> waker)
    {
        var inCluster = string.Equals(services.GetRequiredService<IConfiguration>()["CloneHub:Backend"], "kubernetes", StringComparison.OrdinalIgnoreCase);
        var engine = new QueueEngine(
            services.GetRequiredService<IOptions<QueueOptions>>().Value.Rules(inCluster),
            own is null ? null : OfferOf(services, own),
            jobs,
            waker,
            services.GetRequiredService<JobNews>(),
            services.GetRequiredService<QueueLoad>(),
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<SlotQueueActor>>());
        return Props.Create(() => new SlotQueueActor(engine));
    }

    /// <summary>What offers this worker's slots to the queue.</summary>
    public static Props OffersOf(IServiceProvider services, string worker, IActorRef queue)
    {
        var (offer, lease) = (OfferOf(services, worker), services.GetRequiredService<IOptions<QueueOptions>>().Value.Lease);
        var logger = services.GetRequiredService<ILogger<SlotOfferActor>>();
        return Props.Create(() => new SlotOfferActor(offer, queue, lease, logger));
    }

    private static OfferSlots OfferOf(IServiceProvider services, string worker) => new(worker, services.GetRequiredService<JobsSettings>().Slots);
}
