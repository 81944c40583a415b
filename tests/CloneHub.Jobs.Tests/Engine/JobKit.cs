using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Persistence;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using CloneHub.Contracts;
using CloneHub.Jobs.Archive;
using CloneHub.Jobs.Callbacks;
using CloneHub.Jobs.FollowJob;
using CloneHub.Jobs.GetJobStatus;
using CloneHub.Jobs.Journal;
using CloneHub.Jobs.Queue;
using CloneHub.Jobs.Vault;
using CloneHub.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CloneHub.Jobs.Tests.Engine;

/// <summary>
/// Jobs' actors over a real Redis, with the test in the place of everything they talk to and in charge of time: the clock and the
/// scheduler move only by <see cref="Pass"/>.
/// </summary>
[Trait("Needs", "servers")]
public abstract class JobKit : TestKit, IClassFixture<Stores>
{
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    internal JobKit(Stores stores, RedisOptions corner)
        : base(SetupOf(stores, corner))
    {
        (Stores, Corner) = (stores, corner);
        Store = new JobStore(stores.Redis, corner);
        Vault = Stores.NewVault(Store);
        Callbacks = Stores.NewCallbacks(Vault, Clock);
        Format = FormatOf(Sys);
        (Runner, Archiver, Queue, Waker) = (CreateTestProbe("runner"), CreateTestProbe("archiver"), CreateTestProbe("queue"), CreateTestProbe("waker"));
        AnswerArchive(entry => new Archived(entry.Job, entry.Last));
        Forecast = new CompletionForecast(slots: 1, Clock);
        Jobs = NewRegion(Sys);
    }

    internal JobNews News { get; } = new();

    internal CompletionForecast Forecast { get; }

    internal JobStore Store { get; }

    internal JobVault Vault { get; }

    internal CallbackSender Callbacks { get; set; }

    /// <summary>False for one node of several; of regions that are made afterwards.</summary>
    protected bool IsAlone { get; set; } = true;

    /// <summary>Where owners who want to be called are called.</summary>
    protected Uri? CallbackUrl { get; set; }

    internal RedisJournalFormat Format { get; }

    protected Stores Stores { get; }

    protected FakeTimeProvider Clock { get; } = new(Given.T0);

    protected TestProbe Runner { get; }

    protected TestProbe Archiver { get; }

    protected TestProbe Queue { get; }

    protected TestProbe Waker { get; }

    protected IActorRef Jobs { get; set; }

    internal RedisOptions Corner { get; }

    private RedisKeys Keys => new(Corner.KeyPrefix);

    protected IActorRef NewRegion(ActorSystem system)
    {
        var engine = NewEngine();
        return system.ActorOf(Props.Create(() => new EntityParent(new JobsModule.JobExtractor(), id => Props.Create(() => new CloneJobActor(JobId.Parse(id), engine)))));
    }

    internal JobEngine NewEngine() =>
        new(Store, Vault, Stores.Log, Clock, new Random(1), "n1", NullLogger<CloneJobActor>.Instance)
        {
            IsAlone = IsAlone,
            Runner = Runner,
            Archiver = Archiver,
            Queue = Queue,
            Waker = Waker,
            Earlier = new EarlierClones(Store, NewReader(Store)),
            News = News,
            Forecast = Forecast,
            Callbacks = Callbacks,
        };

    internal JobReader NewReader(JobStore store) =>
        new(Stores.Documents, store, new Actor<JobsRegion>(() => Jobs), new Actor<SlotQueue>(() => Queue), Forecast, new ToldProgress(), new JobHistory(store, Format, Stores.Log, NullLogger<JobHistory>.Instance), TimeProvider.System, NullLogger<JobReader>.Instance);

    protected ActorSystem NewSystem() => ActorSystem.Create("another", SetupOf(Stores, Corner));

    internal void AnswerArchive(Func<ArchiveEntry, object?> answer) => Archiver.SetAutoPilot(new DelegateAutoPilot((sender, message) =>
    {
        if (message is ArchiveEntry entry && answer(entry) is { } reply) sender.Tell(reply);
        return AutoPilot.KeepRunning;
    }));

    /// <summary>Lets a real archiver answer; what it is sent is seen all the same.</summary>
    protected void ArchiveForReal()
    {
        var archiver = Sys.ActorOf(Props.Create(() => new ArchiverActor(Stores.Log, new ArchiveLag(TimeProvider.System), NullLogger<ArchiverActor>.Instance)));
        Archiver.SetAutoPilot(new DelegateAutoPilot((sender, message) =>
        {
            archiver.Tell(message, sender);

            // Time stands still here: nothing is gathered.
            if (message is ArchiveEntry entry) archiver.Tell(new Wanted(entry.Job));
            return AutoPilot.KeepRunning;
        }));
    }

    protected void Pass(TimeSpan time)
    {
        Clock.Advance(time);
        ((TestScheduler)Sys.Scheduler).Advance(time);
    }

    internal async Task<JobId> AcceptedAsync(IJobCommand? request = null)
    {
        var job = Histories.NewJob();
        var now = Clock.GetUtcNow();
        var none = request is RequestRestore ? RestoreJob.None : Lifecycles.None;
        var requested = (IJobRequest)none.Decide(request ?? new RequestClone(Given.Source, "acme", "shop", Given.Ttl, "f1", TraceParent: Given.TraceParent), now).Single();
        var secrets = Vault.Seal(job, JobSecretsFactory.New("admin", new Secret("source-password"), CallbackUrl is { } url ? new Secret(url.AbsoluteUri) : null));
        if (request is RequestRestore) secrets = Vault.Seal(job, JobSecretsFactory.New("admin", new Secret("source-password")) with { TargetUsername = "owner", TargetPassword = new Secret("target-password") });
        var first = Format.FirstEvent(job, new RecordedEvent(Guid.CreateVersion7(now), requested));
        await Store.AcceptAsync(new Intake(job, first, secrets, now, now + CloneJob.BuildLimit, JobLabel.Of(requested)));
        return job;
    }

    /// <summary>A job that was taken so far by its own actor.</summary>
    internal async Task<JobId> JobInAsync(Stage stage, RequestClone? request = null)
    {
        var job = await AcceptedAsync(request);
        Wake(job);
        Queue.FishForMessage(m => m is WantSlot w && w.Job == job, Patience);
        if (stage is Stage.Requested) return job;
        Jobs.Tell(new SlotGranted(job));
        while ((await StateAsync(job)).Job.Stage < stage) Report(Ordered());
        return job;
    }

    protected void Wake(JobId job) => Jobs.Tell(new WakeJob(job));

    /// <summary>The next step that was ordered; orders to stop one are passed over.</summary>
    protected RunStep Ordered() => (RunStep)Runner.FishForMessage(m => m is RunStep, Patience);

    /// <summary>What steps have found out.</summary>
    protected StepFacts Facts { get; set; } = Given.Facts;

    protected void Report(RunStep order, StepFault? fault = null) => Jobs.Tell(new StepReported(order.Token, fault, Facts));

    /// <summary>The job once it has done all that it was told before.</summary>
    internal async Task<JobState> StateAsync(JobId job) => await Jobs.Ask<JobState>(new GetJob(job), Patience);

    protected static IReadOnlyList<object> Drain(TestProbe probe)
    {
        var messages = new List<object>();
        while (probe.HasMessages) messages.Add(probe.ReceiveOne(TimeSpan.Zero));
        return messages;
    }

    protected async Task CrashAsync(JobId job, object how)
    {
        var actor = await Sys.ActorSelection(Jobs.Path / job.Value).ResolveOne(Patience);
        await WatchAsync(actor);
        actor.Tell(how);
        await ExpectTerminatedAsync(actor, Patience);
        await UnwatchAsync(actor);
    }

    internal async Task<IReadOnlyList<RecordedEvent>> JournalAsync(JobId job)
    {
        var stored = await Stores.Redis.GetDatabase(Corner.Database).SortedSetRangeByScoreAsync(Keys.Events(PersistenceId.Of(job)));
        return [.. stored.Select(bytes => (RecordedEvent)Format.FromBytes(bytes!).Payload)];
    }

    /// <summary>Puts events into Redis as if a job had written them.</summary>
    internal async Task WriteJournalAsync(JobId job, IReadOnlyList<RecordedEvent> events)
    {
        var (database, id) = (Stores.Redis.GetDatabase(Corner.Database), PersistenceId.Of(job));
        for (var number = 1; number <= events.Count; number++)
            await database.SortedSetAddAsync(Keys.Events(id), BytesOf(id, number, events[number - 1]), number);
        await database.StringSetAsync(Keys.Highest(id), events.Count);
        await Store.AddLiveAsync(job, Given.T0);
    }

    /// <summary>Gives the job's last event a name that only a later version knows.</summary>
    protected async Task RenameLastEventAsync(JobId job)
    {
        var (database, id) = (Stores.Redis.GetDatabase(Corner.Database), PersistenceId.Of(job));
        var journal = await JournalAsync(job);
        var name = EventNames.Of(journal[^1].Event);
        var known = System.Text.Encoding.UTF8.GetBytes(name);
        var bytes = (byte[])(await database.SortedSetRangeByRankAsync(Keys.Events(id), -1))[0]!;
        bytes[bytes.AsSpan().IndexOf(known) + known.Length - 1] = (byte)'9';
        await database.SortedSetRemoveRangeByRankAsync(Keys.Events(id), -1, -1);
        await database.SortedSetAddAsync(Keys.Events(id), bytes, journal.Count);
    }

    private byte[] BytesOf(string id, int number, RecordedEvent e) =>
        Format.ToBytes(new Persistent(e, number, id, manifest: "", isDeleted: false, ActorRefs.NoSender, "writer"));

    protected async Task<string> EventsAsync(JobId job) => string.Join(' ', (await JournalAsync(job)).Select(r => r.Event.GetType().Name));

    protected async Task<bool> IsDueAsync(JobId job, DateTimeOffset at) => (await Store.DueAsync(at, 1000)).Contains(job);

    protected Task ServesDeadlineAsync(JobId job, DateTimeOffset deadline) => Eventually.Until(
        $"the deadline of {job} is {deadline:O}",
        async () => await IsDueAsync(job, deadline) && !await IsDueAsync(job, deadline.AddSeconds(-1)));

    internal static RedisJournalFormat FormatOf(ActorSystem system)
    {
        Persistence.Instance.Apply(system);
        return new RedisJournalFormat(system, TimeProvider.System);
    }

    internal static ActorSystemSetup SetupOf(Stores stores, RedisOptions corner) => BootstrapSetup.Create()
        .WithConfig(ConfigurationFactory
            .ParseString(
                $$"""
                akka.loglevel = OFF
                akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
                akka.actor.serializers.clonehub-events = "{{typeof(EventSerializer).AssemblyQualifiedName}}"
                akka.actor.serialization-bindings { "{{typeof(RecordedEvent).AssemblyQualifiedName}}" = clonehub-events }
                """)
            .WithFallback(new RedisJournalOptions { KeyPrefix = corner.KeyPrefix, Database = corner.Database }.ToConfig())
            .WithFallback(RedisJournalOptions.Defaults)
            .WithFallback(DefaultConfig))
        .And(new RedisJournalSetup(stores.Redis));
}
