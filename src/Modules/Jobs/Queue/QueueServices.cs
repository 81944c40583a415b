using Akka.Actor;
using CloneHub.Jobs.FollowJob;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CloneHub.Jobs.Queue;

/// <summary>How the queue is put together.</summary>
internal static class QueueServices
{
    /// <summary>Slots are one number for all workers so far, and must not be lost when the queue moves to another node; a job's steps find their worker themselves.</summary>
    private const string AllWorkers = "all";

    public static void AddQueue(this IServiceCollection services)
    {
        services.AddOptions<QueueOptions>().BindConfiguration(QueueOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<QueueOptions>, QueueOptionsCheck>();
        services.AddSingleton<QueueLoad>();
    }

    /// <param name="waker">Whoever wakes all live jobs; null while it is not there yet.</param>
    public static Props PropsOf(IServiceProvider services, IActorRef jobs, Func<IActorRef?> waker)
    {
        var inCluster = string.Equals(services.GetRequiredService<IConfiguration>()["CloneHub:Backend"], "kubernetes", StringComparison.OrdinalIgnoreCase);
        var engine = new QueueEngine(
            services.GetRequiredService<IOptions<QueueOptions>>().Value.Rules(inCluster),
            new OfferSlots(AllWorkers, services.GetRequiredService<JobsSettings>().Slots),
            jobs,
            waker,
            services.GetRequiredService<JobNews>(),
            services.GetRequiredService<QueueLoad>(),
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<SlotQueueActor>>());
        return Props.Create(() => new SlotQueueActor(engine));
    }
}
