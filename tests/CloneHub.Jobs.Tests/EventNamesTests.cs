using System.Text;
using System.Text.Json;
using CloneHub.Contracts;
using CloneHub.Testing;

namespace CloneHub.Jobs.Tests;

/// <summary>What is stored for ever stays readable.</summary>
public sealed class EventNamesTests
{
    private static readonly JsonSerializerOptions Readable = new(EventJson.Options) { WriteIndented = true, NewLine = "\n" };

    private static readonly IReadOnlyList<IJobEvent> Samples =
    [
        new CloneRequested(Given.Source, "acme", "shop", Given.Ttl, "f1", Given.T0.AddHours(2), Given.T0),
        new Started(Given.T0),
        new StepStarted(CloneStep.CreateDatabase, 1, 1, "node-1", Given.T0),
        new ActionRequired(CloneStep.ImportContent, 1, Given.Final, Given.T0),
        new ActionTaken(Given.T0),
        new DatabaseReady(Given.T0),
        new PodReady(Given.T0),
        new ContentImported(Given.Content, ["object-cache.php was switched off"], Given.T0),
        new PluginActivated("1.0.0", "clonehub", Given.T0),
        new IngressReady(new Uri("http://clone.localhost:5080/"), [], Given.T0.AddMinutes(30), Given.T0),
        new Crawled(new CrawlFacts(40, 7, 12, 90, ["/about answers 404 instead of 200"], ["/shop (the source answers 503)"]), null, Given.T0),
        new MediaFetched(new MediaFacts(new FilesProof(2, 30, 0, "cc", "cc"), 1, 0, ["Media that could not be had are missing: wp-content/uploads/a.jpg (it is gone)"]), null, Given.T0),
        new StepFailed(CloneStep.ImportContent, 1, Given.Passing, Given.T0.AddSeconds(2), Given.T0),
        new JobFailed(CloneStep.ImportContent, Given.Final, Given.T0.AddMinutes(30), Given.T0),
        new Extended(Given.T0.AddMinutes(60), Given.T0),
        new EarlierReplaced(["job-aebagbafaydqqcikbmga2dqpca"], Given.T0),
        new NoticeDelivered(Notice.Completed, 1, Given.T0),
        new NoticeFailed(Notice.Completed, 1, "The address answered 500.", Given.T0.AddSeconds(2), Given.T0),
        new CancelRequested(Given.T0),
        new Cancelled(Given.T0),
        new Expired(Given.T0),
        new Removed(Given.T0),
        new RestoreRequested(
            GivenRestore.Clone, GivenRestore.Target, "acme", "shop", "f1", true, false, OnDrift.KeepTables, ["wp_comments"], Given.T0.AddHours(2), Given.T0, Given.Id.Value, [GivenRestore.Mark]),
        new Planned(GivenRestore.Plan with { Drift = [new TableDrift("wp_comments", DriftKind.Comments, 4, 5, 1)], Obstacles = ["PHP cannot write to wp-content"] }, Given.T0),
        new SnapshotTaken([GivenRestore.Mark], Given.T0),
        new Staged(new StagedFacts(12, 345, 6, 7_000), ["A user of the clone is not at the site."], Given.T0),
        new Verified(Given.T0),
        new Swapped([GivenRestore.Mark], 240, [], Given.T0),
        new Probed(Given.T0),
        new RestoreCompleted(Given.T0.AddDays(1), Given.T0),
        new RollbackRequested(null, Given.T0),
        new RolledBack(null, Given.T0),
        new RollbackFailed(Given.Passing, Given.T0.AddDays(1), Given.T0),
        new RestoreEnded(null, [], Given.T0),
    ];

    /// <summary>Shapes of a name that hold fields which came later and may be absent: the part after the plus sign tells them apart.</summary>
    private static readonly IReadOnlyList<(string Shape, IJobEvent Event)> LaterShapes =
    [
        ("byHand", new CloneRequested(Given.Source, "acme", "shop", Given.Ttl, "f1", Given.T0.AddHours(2), Given.T0, ByHand: true)),
        ("media", new CloneRequested(Given.Source, "acme", "shop", Given.Ttl, "f1", Given.T0.AddHours(2), Given.T0, Media: CloneMedia.OnDemand)),
        ("awaited", new ContentImported(Given.Content, [], Given.T0, Awaited: new MediaAwaited(3, 3_000))),
        ("fault", new MediaFetched(null, Given.Passing, Given.T0)),
        ("options", new CloneRequested(Given.Source, "acme", "shop", Given.Ttl, "f1", Given.T0.AddHours(2), Given.T0, CloneFidelity.Public, Replaces: true, Notifies: true)),
        ("crawlFollows", new IngressReady(new Uri("http://clone.localhost:5080/"), [], Given.T0.AddMinutes(30), Given.T0, CrawlFollows: true)),
        ("fault", new Crawled(null, Given.Passing, Given.T0)),
        ("priority", new CloneRequested(Given.Source, "acme", "shop", Given.Ttl, "f1", Given.T0.AddHours(2), Given.T0, Priority: JobPriority.Bulk)),
        ("compared", new ContentImported(
            Given.Content, [], Given.T0, new ContentProof(new SiteVersions("6.9", "8.2.7", "8.0.39"), [], new FilesProof(2, 30, 1, "cc", "dd"), IsSnapshot: false, IsCompared: true))),
        ("proof", new ContentImported(
            Given.Content, [], Given.T0,
            new ContentProof(new SiteVersions("6.9", "8.2.7", "8.0.39"), [new TableProof("wp_posts", 3, 23, 22, 1, "aa", "bb")], new FilesProof(2, 30, 1, "cc", "dd"), IsSnapshot: true))),
        ("options", new RestoreRequested(
            GivenRestore.Clone, GivenRestore.Target, "acme", null, "f1", false, true, OnDrift.Overwrite, [], Given.T0.AddHours(2), Given.T0, DryRun: true, Notifies: true, TraceParent: Given.TraceParent)),
        ("fault", new RollbackRequested(Given.Final, Given.T0)),
        ("fault", new RolledBack(GivenRestore.Broken, Given.T0)),
        ("fault", new RestoreEnded(Given.Passing, ["A folder is left."], Given.T0)),
        ("traceParent", new CloneRequested(Given.Source, "acme", "shop", Given.Ttl, "f1", Given.T0.AddHours(2), Given.T0, TraceParent: Given.TraceParent)),
    ];

    [Fact]
    public void Every_event_has_one_name_and_one_sample()
    {
        var events = typeof(CloneJob).Assembly.GetTypes().Where(t => t.IsAssignableTo(typeof(IJobEvent)) && !t.IsInterface).ToHashSet();

        Assert.NotEmpty(events);
        Assert.Equal(events, EventNames.Entries.Select(e => e.Type).ToHashSet());
        Assert.Equal(events, Samples.Select(s => s.GetType()).ToHashSet());
        Assert.Equal(EventNames.Entries.Count(), EventNames.Entries.Select(e => e.Name).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void Names_are_the_approved_ones() =>
        Approved.Compare("tests/CloneHub.Jobs.Tests/EventNames.approved.txt", string.Concat(EventNames.Entries.Select(e => $"{e.Name}\n")));

    [Fact]
    public void Stored_events_of_every_version_still_load_and_apply()
    {
        foreach (var (shape, sample) in Samples.Select(e => ("", e)).Concat(LaterShapes.Select(s => ($"+{s.Shape}", s.Event))))
        {
            var name = EventNames.Of(sample) + shape;
            var json = JsonSerializer.Serialize<object>(sample, Readable);
            Approved.Compare($"tests/CloneHub.Jobs.Tests/stored-events/{name}.json", json + "\n");
        }

        var files = Directory.GetFiles(Approved.PathOf("tests/CloneHub.Jobs.Tests/stored-events"), "*.json");
        Assert.NotEmpty(files);
        foreach (var file in files)
        {
            var type = EventNames.TypeOf(Path.GetFileNameWithoutExtension(file).Split('+')[0]);
            Assert.True(type is not null, $"{file}: no event type has this name any more.");
            var loaded = (IJobEvent)JsonSerializer.Deserialize(File.ReadAllText(file, Encoding.UTF8), type, EventJson.Options)!;
            IJob job = RestoreJobHistoryProperties.Own.Contains(type) ? GivenRestore.In(RestoreStage.Requested).Job : Given.AJobIn(Stage.Requested).Job;
            job.After(loaded);
        }
    }

    /// <summary>Read as today's event and written again each is what it was: nothing of it was passed over.</summary>
    [Fact]
    public void Stored_events_are_read_whole()
    {
        var files = Directory.GetFiles(Approved.PathOf("tests/CloneHub.Jobs.Tests/stored-events"), "*.json");
        Assert.NotEmpty(files);
        foreach (var file in files)
        {
            var stored = File.ReadAllText(file, Encoding.UTF8);
            var type = EventNames.TypeOf(Path.GetFileNameWithoutExtension(file).Split('+')[0])!;
            Assert.Equal(stored, JsonSerializer.Serialize(JsonSerializer.Deserialize(stored, type, EventJson.Options), Readable) + "\n");
        }
    }

    /// <summary>What a newer version has added to an event is passed over while both run; what it calls by another name is not guessed at.</summary>
    [Fact]
    public void A_newer_shape_is_read_as_far_as_it_is_known_and_a_newer_name_is_refused()
    {
        var started = (Started)JsonSerializer.Deserialize("""{"at":"2026-03-01T12:00:00+00:00","from":"the future"}""", EventNames.TypeOf("started.v1")!, EventJson.Options)!;
        Assert.Equal(Given.T0, started.At);
        foreach (var versions in EventNames.Entries.GroupBy(e => e.Name[..(e.Name.LastIndexOf('v') + 1)], e => int.Parse(e.Name[(e.Name.LastIndexOf('v') + 1)..], System.Globalization.CultureInfo.InvariantCulture)))
            Assert.Null(EventNames.TypeOf(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{versions.Key}{versions.Max() + 1}")));
        using var system = Akka.Actor.ActorSystem.Create("codec");
        var codec = new EventSerializer((Akka.Actor.ExtendedActorSystem)system);
        var bytes = codec.ToBinary(new RecordedEvent(Guid.NewGuid(), started));
        Assert.Equal(started, ((RecordedEvent)codec.FromBinary(bytes, "started.v1")).Event);
        var refused = Assert.Throws<UnknownEventException>(() => codec.FromBinary(bytes, "started.v2"));
        Assert.Contains("'started.v2'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_event_is_refused_and_not_skipped()
    {
        Assert.Null(EventNames.TypeOf("something_else.v1"));
        Assert.Throws<System.Diagnostics.UnreachableException>(() => CloneJob.None.Apply(new FromTheFuture(Given.T0)));
    }

    private sealed record FromTheFuture(DateTimeOffset At) : IJobEvent;
}
