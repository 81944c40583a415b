using System.Diagnostics.Metrics;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Hosting;
using Akka.Cluster.Sharding;
using Akka.Hosting;
using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.Archive;
using CloneHub.Jobs.Callbacks;
using CloneHub.Jobs.FollowJob;
using CloneHub.Jobs.GetJobStatus;
using CloneHub.Jobs.Journal;
using CloneHub.Jobs.ListJobs;
using CloneHub.Jobs.Nodes;
using CloneHub.Jobs.Projections;
using CloneHub.Jobs.Queue;
using CloneHub.Jobs.Vault;
using Marten;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace CloneHub.Jobs;

/// <summary>The module that owns jobs: their lifecycle, both logs, the API.</summary>
public static class JobsModule
{
    /// <summary>Name of this module's ActivitySource and Meter.</summary>
    public const string Telemetry = JobsTelemetry.Name;

    private const int Shards = 64;
    private const string QueueName = "slots";

    /// <param name="drivesJobs">False for a node that only does their steps: it reads secrets, and neither projects nor serves.</param>
    public static IServiceCollection AddJobs(this IServiceCollection services, IConfiguration configuration, bool drivesJobs = true)
    {
        var settings = JobsSettings.Read(configuration);
        services.AddSingleton(settings);
        services.AddRedisStore(settings.Redis);
        services.AddSingleton(provider => new ClusterClaim(provider.GetRequiredService<IConnectionMultiplexer>(), settings.Redis));
        services.AddVault(settings.MasterKeyIsMounted
            ? () => MasterKeys.LoadMounted(settings.MasterKeyFile)
            : () => MasterKeys.LoadOrCreate(settings.MasterKeyFile));
        services.AddEventLog(settings.PostgreSql, drivesJobs && settings.MigrateAtStart, drivesJobs);
        services.AddSingleton<RequestFingerprint>();
        services.AddSingleton<JobNews>();
        services.AddSingleton<IJobHistory, JobHistory>();
        services.AddSingleton(provider => new CompletionForecast(settings.Slots, provider.GetRequiredService<TimeProvider>()));
        services.AddQueue();
        services.AddSingleton<ToldProgress>();
        services.AddSingleton<JobReader>();
        services.AddSingleton<IJobReader>(provider => provider.GetRequiredService<JobReader>());
        services.AddSingleton<IJobRemover>(provider => provider.GetRequiredService<JobReader>());
        services.AddSingleton<IJobExtender, JobExtender>();
        services.AddSingleton<EarlierClones>();
        services.AddSingleton<NewJobs>();
        services.AddSingleton<IJobList, JobList>();
        services.AddSingleton<IJobIntake, JobIntake>();
        services.AddSingleton<IRestoreSources, RestoreSources>();
        services.AddSingleton<IRestoreUndo, RestoreUndo>();
        services.AddSingleton<IJobDirectory, JobDirectory>();
        services.AddJobsApi(configuration);
        return services;
    }

    /// <summary>What every node of the cluster must have in common: how messages between nodes are written.</summary>
    public static AkkaConfigurationBuilder WithJobsWire(this AkkaConfigurationBuilder builder) => builder
        .WithCustomSerializer("clonehub-wire", [typeof(IWireMessage)], system => new WireSerializer(system))
        .WithCustomSerializer("clonehub-refused", [typeof(object)], system => new RefusingSerializer(system));

    /// <summary>The actors of a node that drives jobs, in the order in which they look each other up. Of what is marked as single one runs in the whole cluster.</summary>
    /// <param name="isAlone">There are no other nodes, and will be none.</param>
    public static AkkaConfigurationBuilder WithJobs(this AkkaConfigurationBuilder builder, IServiceProvider services, bool isAlone)
    {
        var settings = services.GetRequiredService<JobsSettings>();
        return builder
            .WithRedisJournal(services.GetRequiredService<IConnectionMultiplexer>(), settings.Redis)
            .WithCustomSerializer("clonehub-events", [typeof(RecordedEvent)], system => new EventSerializer(system))
            .WithActors((system, registry, resolver) =>
            {
                registry.Register<Archiver>(system.ActorOf(resolver.Props<ArchiverActor>(), "archiver"));
                registry.Register<Workers>(system.ActorOf(WorkersOf(services, system, registry), WorkersActor.Path));
                services.GetRequiredService<JobNews>().Exchange = services.GetRequiredService<NewJobs>().Exchange =
                    system.ActorOf(resolver.Props<NewsExchangeActor>(), NewsExchangeActor.Path);
            })
            .WithShardRegion<JobsRegion>(
                "clone-jobs",
                (_, registry, resolver) =>
                {
                    var engine = new Lazy<JobEngine>(() => EngineOf(services, registry, isAlone), LazyThreadSafetyMode.PublicationOnly);

                    // Not as an expression: to compile one for every job took more than all else that a recovery does.
                    return id => Props.Create<CloneJobActor>(JobId.Parse(id), engine.Value);
                },
                new JobExtractor(),
                // A job tells itself when it may rest: while a step runs it waits for hours without a message.
                new ShardOptions
                {
                    Role = NodeRoles.Core,
                    StateStoreMode = StateStoreMode.DData,
                    RememberEntities = false,
                    ShouldPassivateIdleEntities = false,
                    HandOffStopMessage = CloneJobActor.Stop.Instance,
                })
            .WithSingleton<SlotQueue>(QueueName, (system, registry, _) => QueueOf(services, isAlone ? WorkerNameOf(system) : null, registry), OnCore, createProxyToo: true)
            .WithSingleton<LiveJobs>("live-jobs", (_, registry, _) => LiveJobsOf(services, registry), OnCore, createProxyToo: true)
            .WithActors((system, registry, _) =>
            {
                var load = services.GetRequiredService<QueueLoad>();
                if (!isAlone) system.ActorOf(Props.Create(() => new QueueLoadActor(load, registry.Get<SlotQueue>())), "queue-load");
            });
    }

    /// <summary>Has a worker of several nodes offer its slots to the queue. After <see cref="WithJobs"/>, if the node drives jobs too.</summary>
    /// <param name="drivesJobs">False for a node that only does their steps.</param>
    public static AkkaConfigurationBuilder WithSlotOffers(this AkkaConfigurationBuilder builder, IServiceProvider services, bool drivesJobs)
    {
        if (!drivesJobs) builder.WithSingletonProxy<SlotQueue>(QueueName, OnCore);
        return builder.WithActors((system, registry, _) =>
            registry.Register<SlotOffers>(system.ActorOf(QueueServices.OffersOf(services, WorkerNameOf(system), registry.Get<SlotQueue>()), "slot-offers")));
    }

    /// <summary>Before a worker stops: no job gives it another step, and what it does may end within <paramref name="patience"/>. What does not is stopped and goes on elsewhere.</summary>
    public static Task DrainWorkerAsync(ActorSystem system, TimeSpan patience)
    {
        var registry = ActorRegistry.For(system);
        return WorkerDrain.RunAsync(system, registry.Get<SlotOffers>(), registry.Get<StepRunners>(), patience);
    }

    /// <summary>Brings the schema of the event log to this version; waits up to two minutes for a PostgreSQL that does not answer yet.</summary>
    public static Task MigrateAsync(IServiceProvider services) => SchemaUpdate.RunAsync(
        services.GetRequiredService<IDocumentStore>(), services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(SchemaUpdate)));

    /// <summary>The Host's command "projections": how far the views of the event log are, or building them anew.</summary>
    public static Task<int> RunProjectionsCommandAsync(IServiceProvider services, IReadOnlyList<string> args) =>
        ProjectionCommands.RunAsync(services, args, Console.Out, Console.Error, CancellationToken.None);

    private static ClusterSingletonOptions OnCore => new() { Role = NodeRoles.Core, SingletonIdentificationInterval = TimeSpan.FromMilliseconds(200), BufferSize = 10_000, LogSingletonIdentificationFailure = false };

    /// <summary>What queue and jobs call this node as a worker: another name after each start.</summary>
    public static string WorkerNameOf(ActorSystem system) => WorkerName.Of(Cluster.Get(system).SelfUniqueAddress);

    private static Props QueueOf(IServiceProvider services, string? own, IReadOnlyActorRegistry registry)
    {
        Measure(services);
        return QueueServices.PropsOf(services, own, registry.Get<JobsRegion>(), () => registry.TryGet<LiveJobs>(out var waker) ? waker : null);
    }

    private static Props LiveJobsOf(IServiceProvider services, IReadOnlyActorRegistry registry)
    {
        var (store, jobs, logger) = (services.GetRequiredService<JobStore>(), registry.Get<JobsRegion>(), services.GetRequiredService<ILogger<LiveJobsActor>>());
        return Props.Create(() => new LiveJobsActor(store, jobs, logger));
    }

    private static Props WorkersOf(IServiceProvider services, ActorSystem system, IReadOnlyActorRegistry registry)
    {
        var self = Cluster.Get(system).SelfUniqueAddress;
        Func<UniqueAddress, ICanTell> runnerOf = worker =>
            worker.Equals(self) ? registry.Get<StepRunners>() : system.ActorSelection(new RootActorPath(worker.Address) / "user" / StepRunners.ActorName);
        var logger = services.GetRequiredService<ILogger<WorkersActor>>();
        return Props.Create(() => new WorkersActor(runnerOf, logger));
    }

    private static void Measure(IServiceProvider services)
    {
        var load = services.GetRequiredService<QueueLoad>();
        var meter = services.GetRequiredService<IMeterFactory>().Create(JobsTelemetry.Name);
        JobsTelemetry.Watch(meter, load, services.GetRequiredService<ArchiveLag>(), services.GetRequiredService<TimeProvider>());
        JobsTelemetry.Begin();
    }

    private static JobEngine EngineOf(IServiceProvider services, IReadOnlyActorRegistry registry, bool isAlone) =>
        new(
            services.GetRequiredService<JobStore>(),
            services.GetRequiredService<JobVault>(),
            services.GetRequiredService<EventLog>(),
            services.GetRequiredService<TimeProvider>(),
            new Random(),
            Environment.MachineName,
            services.GetRequiredService<ILogger<CloneJobActor>>())
        {
            IsAlone = isAlone,
            Runner = registry.Get<Workers>(),
            Archiver = registry.Get<Archiver>(),
            Queue = registry.Get<SlotQueue>(),
            Waker = registry.Get<LiveJobs>(),
            Earlier = services.GetRequiredService<EarlierClones>(),
            News = services.GetRequiredService<JobNews>(),
            Forecast = services.GetRequiredService<CompletionForecast>(),
            Callbacks = services.GetRequiredService<CallbackSender>(),
        };

    /// <summary>Finds the way of a message to its job. One extractor, whether there is one node or many.</summary>
    internal sealed class JobExtractor() : HashCodeMessageExtractor(Shards)
    {
        public override string? EntityId(object message) => (message as IJobMessage)?.Job.Value;
    }

    private sealed class Archiver;

    private sealed class LiveJobs;

    private sealed class Workers;

    private sealed class SlotOffers;
}
