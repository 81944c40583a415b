using System.Reflection;
using System.Runtime.Serialization;
using System.Text;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Serialization;
using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.FollowJob;
using CloneHub.Jobs.GetJobStatus;
using CloneHub.Jobs.ListJobs;
using CloneHub.Jobs.Nodes;
using CloneHub.Jobs.Queue;
using CloneHub.Testing;

namespace CloneHub.Jobs.Tests.Nodes;

/// <summary>What nodes tell each other.</summary>
public sealed class WireTests : IDisposable
{
    private static readonly StepToken Token = new(Given.Id, CloneStep.ImportContent, 2, 5);

    private static readonly IReadOnlyList<IWireMessage> Samples =
    [
        new WakeJob(Given.Id),
        new WakeJob(Given.Id, IsNew: true),
        new GetJob(Given.Id),
        new CancelJob(Given.Id),
        new ExtendJob(Given.Id, Given.Ttl),
        new ExpireJob(Given.Id),
        new JobState(Given.Id, Given.AJobIn(Stage.Serving).Job, 16, 0.25, "Copying files: 1,204 of 10,000"),
        new JobState(Given.Id, Given.AJobIn(Stage.Failed).Job, 9, 0, null),
        new JobState(Given.Id, GivenRestore.In(RestoreStage.Undoable).Job, 12, 0, null),
        new RollBackJob(Given.Id),
        new WakeLater(Given.Id),
        new WantSlot(Given.Id, Given.T0),
        new HoldSlot(Given.Id),
        new ReleaseSlot(Given.Id),
        new SlotGranted(Given.Id),
        new GetQueuePosition(Given.Id),
        new QueuePosition(3),
        new QueuePosition(null),
        new WantSlot(Given.Id, Given.T0, "acme", JobPriority.Bulk, HasClone: true),
        new HoldSlot(Given.Id, Given.T0, "acme", JobPriority.Bulk, "w1"),
        new WantSlot(Given.Id, Given.T0, "acme", HasClone: true, Left: "w1"),
        new ReleaseSlot(Given.Id, "acme", HasClone: true),
        new SlotGranted(Given.Id, "w1"),
        new SlotLost(Given.Id, "w1"),
        new SlotLost(Given.Id, "w1", AfterStep: true),
        new QueuePosition(3, 4),
        new OfferSlots("w1", 4),
        new SlotsLeased("w1", TimeSpan.FromSeconds(10)),
        new WithdrawSlots("w1"),
        new GetQueueState(),
        new QueueState(true, 9, 3, 2, 4, 4, 1, 8, 150, Given.T0),
        new WakeAll(),
        new AllAwake(7),
        new GetQueueLoad([Given.Id]),
        new QueueLoadTold(new QueueState(true, 9, 3, 2, 4, 4, 1, 8, 150, Given.T0), [new OpenJobs("Acme", 7)], [Given.Id]),
        new RunStep(Token, new CloneOrder(Given.Id, Given.Source, "acme", "shop", CloneFidelity.Public), Given.TraceParent),
        new RunStep(Token, new CloneOrder(Given.Id, Given.Source, "acme", "shop"), Worker: "w1"),
        new RunStep(Token, new CloneOrder(Given.Id, Given.Source, "acme", "shop", Username: "clonehub"), Worker: "w1"),
        new RunStep(
            Token with { Step = CloneStep.StageRestore },
            new CloneOrder(
                Given.Id, Given.Source, "acme", null,
                Restore: new RestoreOrder(new Uri("https://live.example/"), false, true, OnDrift.KeepTables, ["wp_comments"], true, [GivenRestore.Mark], [GivenRestore.Mark with { Rows = 4 }]))),
        new CancelStep(Token),
        new StepProgressed(Token, 0.5, "Half of it"),
        new StepReported(Token, null, Given.Facts),
        new StepReported(Token, Given.Final, StepFacts.None),
        new StepReported(Token with { Step = CloneStep.PlanRestore }, null, new StepFacts { Plan = GivenRestore.Plan with { Drift = [new TableDrift("wp_comments", DriftKind.Comments, 4, 5, 1)] }, Snapshot = [GivenRestore.Mark] }),
        new StepReported(Token with { Step = CloneStep.SwapRestore }, null, new StepFacts { Staged = new StagedFacts(9, 8, 7, 6), Swap = new SwapFacts([GivenRestore.Mark], 240) }),
        new WorkerDrains("akka.tcp://clonehub@core-0:4053"),
        new WantNews([Given.Id]),
        new HaveNews(Given.Id, null),
        new HaveNews(Given.Id, new JobState(Given.Id, Given.AJobIn(Stage.PodReady).Job, 7, 0.75, "Half of it")),
        new GetNewJobs("acme"),
        new NewJobsOf([JobSnapshots.Of(Given.Id, Given.AJobIn(Stage.Serving).Job, 16)]),
    ];

    private readonly ActorSystem _system = ActorSystem.Create("wire", BootstrapSetup.Create().WithConfig("akka.loglevel = OFF").And(SerializationSetup.Create(system =>
    [
        SerializerDetails.Create("clonehub-wire", new WireSerializer(system), [typeof(IWireMessage)]),
        SerializerDetails.Create("clonehub-refused", new RefusingSerializer(system), [typeof(object)]),
    ])));

    public void Dispose() => _system.Dispose();

    [Fact]
    public void Every_message_between_nodes_has_a_name_and_a_sample()
    {
        var messages = new[] { typeof(CloneJob).Assembly, typeof(JobId).Assembly }.SelectMany(assembly => assembly.GetTypes())
            .Where(type => type.IsClass && type.IsAssignableTo(typeof(IWireMessage)) && !type.IsAssignableTo(typeof(INoSerializationVerificationNeeded)))
            .ToHashSet();

        Assert.True(messages.Count > 20, $"Only {messages.Count} messages were found.");
        Assert.Equal(messages, WireNames.Entries.Select(e => e.Type).ToHashSet());
        Assert.Equal(messages, Samples.Select(s => s.GetType()).ToHashSet());
    }

    [Fact]
    public void Names_are_the_approved_ones() =>
        Approved.Compare("tests/CloneHub.Jobs.Tests/Nodes/WireNames.approved.txt", string.Concat(WireNames.Entries.Select(e => $"{e.Name}\n")));

    [Fact]
    public void Every_message_arrives_as_it_was_sent()
    {
        foreach (var sample in Samples)
        {
            var serializer = _system.Serialization.FindSerializerFor(sample);
            var bytes = serializer.ToBinary(sample);

            var received = _system.Serialization.Deserialize(bytes, serializer.Identifier, Akka.Serialization.Serialization.ManifestFor(serializer, sample));

            Assert.IsType<WireSerializer>(serializer);
            Assert.IsType(sample.GetType(), received);
            Assert.Equivalent(sample, received, strict: true);
        }
    }

    /// <summary>Akka's own way for what has no serializer makes whatever type the sender names.</summary>
    [Fact]
    public void What_is_not_meant_for_other_nodes_is_refused()
    {
        var serializer = _system.Serialization.FindSerializerFor(new NoMessage("a"));

        Assert.IsType<RefusingSerializer>(serializer);
        Assert.Throws<SerializationException>(() => serializer.ToBinary(new NoMessage("a")));
        Assert.Throws<SerializationException>(() => serializer.FromBinary<NoMessage>(Encoding.UTF8.GetBytes("{}")));
    }

    [Fact]
    public void A_message_of_another_version_is_refused_by_its_name() => Assert.Throws<SerializationException>(
        () => new WireSerializer((ExtendedActorSystem)_system).FromBinary(Encoding.UTF8.GetBytes("{}"), "wake_job.v9"));

    [Fact]
    public void A_message_without_a_name_is_refused() =>
        Assert.Throws<SerializationException>(() => new WireSerializer((ExtendedActorSystem)_system).Manifest(new Nameless()));

    [Fact]
    public void No_message_holds_a_secret()
    {
        var parts = new HashSet<Type>();
        foreach (var (type, _) in WireNames.Entries) Gather(type, parts);

        Assert.Contains(typeof(CloneRequested), parts);
        Assert.Contains(typeof(RestoreRequested), parts);
        Assert.DoesNotContain(typeof(Secret), parts);
        Assert.DoesNotContain(typeof(JobSecrets), parts);
    }

    private static void Gather(Type type, HashSet<Type> parts)
    {
        foreach (var argument in type.GetGenericArguments()) Gather(argument, parts);
        if (type.Namespace?.StartsWith("CloneHub", StringComparison.Ordinal) != true || !parts.Add(type)) return;
        foreach (var property in type.GetProperties(BindingFlags.Instance | BindingFlags.Public)) Gather(property.PropertyType, parts);
        if (!type.IsInterface) return;
        foreach (var kind in type.Assembly.GetTypes().Where(kind => kind.IsClass && kind.IsAssignableTo(type))) Gather(kind, parts);
    }

    private sealed record NoMessage(string Text);

    private sealed record Nameless : IWireMessage;
}
