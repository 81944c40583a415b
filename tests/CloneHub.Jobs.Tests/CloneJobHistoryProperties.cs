using System.Text.Json;
using CloneHub.Contracts;
using FsCheck.Xunit;

namespace CloneHub.Jobs.Tests;

/// <summary>
/// What holds of the events that any sequence of orders, reports, timers and crashes leaves behind, at each point of it. Reports come late, twice and of
/// attempts that were overtaken; time passes or stands still.
/// </summary>
public sealed class CloneJobHistoryProperties
{
    private static readonly string[] Statuses = ["pending", "running", "completed", "failed", "cancelled"];

    /// <summary>What a job has one of at most. A job that failed has neither of the ends before it.</summary>
    private static readonly Type[] Once =
    [
        typeof(CloneRequested), typeof(Started), typeof(DatabaseReady), typeof(PodReady), typeof(ContentImported), typeof(PluginActivated), typeof(IngressReady),
        typeof(Crawled), typeof(MediaFetched), typeof(JobFailed), typeof(EarlierReplaced), typeof(CancelRequested), typeof(Cancelled), typeof(Expired), typeof(Removed),
    ];

    [Property(MaxTest = 500, EndSize = 150)]
    public void At_each_point_its_history_keeps_the_rules(byte[] script)
    {
        var run = new Run();
        foreach (var code in Codes(script))
        {
            var before = run.Job;
            var events = run.Do(code);
            StatusIsNeverTakenBack(before, run.Job);
            OneStepAtATime(before, events);
            NothingAfterTheEnd(before, events);
            NothingEarly(before, events);
            Assert.All(events, e => Assert.Equal(run.Now, e.At));
            Assert.Equal(Print(run.Job), Print(Replayed(run.History)));
        }

        Assert.Empty(run.History.Select(e => e.GetType()).Where(Once.Contains).GroupBy(type => type).Where(same => same.Count() > 1).Select(same => same.Key.Name));
        Assert.False(run.History.OfType<JobFailed>().Any() && run.History.OfType<IngressReady>().Any(), "It served and failed.");
        var fences = run.History.OfType<StepStarted>().Select(s => s.Fence);
        Assert.Equal(Enumerable.Range(1, fences.Count()).Select(n => (long)n), fences);
    }

    /// <summary>The rules say something: scripts of that kind reach every stage and every event.</summary>
    [Fact]
    public void Scripts_lead_everywhere()
    {
        var random = new Random(5);
        var (stages, events) = (new HashSet<Stage>(), new HashSet<Type>());
        for (var n = 0; n < 1000; n++)
        {
            var script = new byte[random.Next(150)];
            random.NextBytes(script);
            var run = new Run();
            foreach (var code in Codes(script))
            {
                events.UnionWith(run.Do(code).Select(e => e.GetType()));
                stages.Add(run.Job.Stage);
            }
        }

        Assert.Empty(Enum.GetValues<Stage>().Except([Stage.None]).Except(stages));
        Assert.Empty(EventNames.Entries.Select(e => e.Type).Except(events).Except(RestoreJobHistoryProperties.Own));
    }

    /// <summary>Each begins with a request, of which there are sixteen kinds.</summary>
    private static IEnumerable<byte> Codes(byte[] script) => script.Concat(script.Reverse()).Prepend((byte)(16 * (script.Length % 16)));

    private static void StatusIsNeverTakenBack(CloneJob before, CloneJob after)
    {
        if (before.Stage is Stage.None) return;
        var (from, to) = (Array.IndexOf(Statuses, before.Status), Array.IndexOf(Statuses, after.Status));
        Assert.True(to == from || (to > from && from < 2), $"{before.Status} became {after.Status}");
        Assert.True(after.Progress() >= before.Progress());
    }

    /// <summary>Whatever ends a step is of the start that was the last one before it.</summary>
    private static void OneStepAtATime(CloneJob before, IReadOnlyList<IJobEvent> events)
    {
        Assert.True(events.OfType<StepStarted>().Count() <= 1);
        foreach (var started in events.OfType<StepStarted>())
        {
            Assert.Equal((before.NextStep, before.Fence + 1, before.Attempt + 1), ((CloneStep?)started.Step, started.Fence, started.Attempt));
            Assert.True(started.At >= before.RetryAt, "It did not wait for its turn after a failure.");
        }

        var ends = events.Where(e => e is DatabaseReady or PodReady or ContentImported or PluginActivated or IngressReady or StepFailed or Removed or ActionRequired or ActionTaken
            || (e is Cancelled && events.Count == 1));
        Assert.All(ends, _ => Assert.True(before.StepRunning, "A step ended that did not run."));
    }

    private static void NothingAfterTheEnd(CloneJob before, IReadOnlyList<IJobEvent> events)
    {
        if (before.IsTerminal) Assert.All(events, e => Assert.True(e is NoticeDelivered or NoticeFailed, $"{e.GetType().Name} after {before.Stage}"));
        if (before.IsOver) Assert.Empty(events);
    }

    private static void NothingEarly(CloneJob before, IReadOnlyList<IJobEvent> events)
    {
        foreach (var expired in events.OfType<Expired>()) Assert.True(expired.At >= before.Deadline, "A clone expired early.");
        foreach (var extended in events.OfType<Extended>())
        {
            Assert.True(before.Stage is Stage.Serving && extended.At < before.ExpiresAt, "A clone that was gone was extended.");
            Assert.True(before.Extensions < CloneJob.MaxExtensions);
        }
    }

    private static CloneJob Replayed(IEnumerable<IJobEvent> history) => history.Select(Stored).Aggregate(CloneJob.None, (job, e) => job.Apply(e));

    /// <summary>As it is read back from either log.</summary>
    private static IJobEvent Stored(IJobEvent e) =>
        (IJobEvent)JsonSerializer.Deserialize(JsonSerializer.SerializeToUtf8Bytes(e, e.GetType(), EventJson.Options), EventNames.TypeOf(EventNames.Of(e))!, EventJson.Options)!;

    private static string Print(CloneJob job) => JsonSerializer.Serialize(job, EventJson.Options);

    private static StepFacts Facts { get; } = Given.Facts with
    {
        CrawlFollows = true,
        Crawl = new CrawlFacts(1, 0, 0, 0, [], []),
        Media = new MediaFacts(new FilesProof(1, 1, 0, "aa", "aa"), 0, 0, []),
    };

    private static readonly MediaAwaited Later = new(1, 1);

    private sealed class Run
    {
        private readonly List<ReportStep> _late = [];

        public CloneJob Job { get; private set; } = CloneJob.None;

        public DateTimeOffset Now { get; private set; } = Given.T0;

        public List<IJobEvent> History { get; } = [];

        public IReadOnlyList<IJobEvent> Do(byte code)
        {
            Now += Passing(code);
            var events = Job.Decide(CommandOf(code), Now);
            foreach (var e in events) Job = Job.Apply(e);
            History.AddRange(events);
            return events;
        }

        /// <summary>Mostly a moment, now and then as long as a deadline is away.</summary>
        private static TimeSpan Passing(byte code) => (code % 64) switch
        {
            0 => TimeSpan.FromMinutes(31),
            1 => TimeSpan.Zero,
            _ => TimeSpan.FromSeconds(code % 7),
        };

        private IJobCommand CommandOf(byte code) => (code % 16) switch
        {
            0 => new RequestClone(Given.Source, "acme", "shop", Given.Ttl, "f1", Replaces: code > 100, Notifies: code % 32 == 0, ByHand: code % 48 == 0, Media: code > 120 ? CloneMedia.OnDemand : CloneMedia.Eager),
            1 => new Begin(),
            2 or 3 => new StartStep("n1"),
            4 or 5 or 6 or 7 => Report(null),
            8 => Report(code > 32 ? Given.Passing : Given.Final),
            9 => Report(new StepFault(StepFault.WorkerLost, "The worker is gone.", "Nothing needs to be done.", true)),
            10 => _late.Count > 0 ? _late[code % _late.Count] : new Begin(),
            11 => new Extend(TimeSpan.FromMinutes(code)),
            12 => new ReportReplaced([Given.Id.Value], IsReplaced: code > 200),
            13 => new ReportNotice(Job.Notices is [var first, ..] ? first : Notice.Failed, Job.NoticeAttempt + (code % 3 == 0 ? 0 : 1), code > 128 ? "503" : null, 0.5, Final: code > 240),
            14 => code > 180 ? new Cancel() : new StartStep("n2"),
            _ => new Expire(),
        };

        private ReportStep Report(StepFault? fault)
        {
            var report = new ReportStep(new StepToken(Given.Id, Job.NextStep ?? CloneStep.Remove, Job.Attempt, Job.Fence), fault, Job.Request?.Media is CloneMedia.OnDemand ? Facts with { Awaited = Later } : Facts, 0.5);
            _late.Add(report);
            return report;
        }
    }
}
