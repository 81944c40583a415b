using System.Text.Json;
using CloneHub.Contracts;
using FsCheck.Xunit;

namespace CloneHub.Jobs.Tests;

/// <summary>
/// What holds of a restore whatever is ordered, reported late, twice or not at all, and whatever crashes. A model of the site goes along: it has
/// the clone's content exactly while a change of places was done last.
/// </summary>
public sealed class RestoreJobHistoryProperties
{
    private static readonly string[] Statuses = ["pending", "running", "completed", "failed", "cancelled"];

    /// <summary>Events that no clone has.</summary>
    public static readonly Type[] Own =
    [
        typeof(RestoreRequested), typeof(Planned), typeof(SnapshotTaken), typeof(Staged), typeof(Verified), typeof(Swapped), typeof(Probed), typeof(RestoreCompleted),
        typeof(RollbackRequested), typeof(RolledBack), typeof(RollbackFailed), typeof(RestoreEnded),
    ];

    private static readonly Type[] Shared =
    [
        typeof(Started), typeof(StepStarted), typeof(StepFailed), typeof(JobFailed), typeof(EarlierReplaced), typeof(NoticeDelivered), typeof(NoticeFailed), typeof(CancelRequested),
        typeof(Cancelled), typeof(Expired),
    ];

    /// <summary>What a restore has one of at most.</summary>
    private static readonly Type[] Once =
    [
        typeof(RestoreRequested), typeof(Started), typeof(Planned), typeof(SnapshotTaken), typeof(Staged), typeof(Verified), typeof(Swapped), typeof(RestoreCompleted), typeof(RolledBack),
        typeof(JobFailed), typeof(CancelRequested), typeof(Cancelled), typeof(Expired), typeof(RestoreEnded),
    ];

    [Property(MaxTest = 300, EndSize = 120)]
    public void At_each_point_its_history_keeps_the_rules(byte[] script)
    {
        var run = new Run();
        foreach (var code in Codes(script))
        {
            var before = run.Job;
            var events = run.Do(code);
            StatusIsNeverTakenBack(before, run.Job);
            OneStepAtATime(before, events);
            if (before.IsTerminal) Assert.All(events, e => Assert.True(e is NoticeDelivered or NoticeFailed, $"{e.GetType().Name} after {before.Stage}"));
            Assert.Equal(run.Job.NextStep is null, run.Job.Stage is RestoreStage.None or RestoreStage.Requested or RestoreStage.Undoable or RestoreStage.Ended or RestoreStage.Cancelled);
            Assert.True(run.Job.NextStep is not null || run.Job.Stage is RestoreStage.None || run.Job.Deadline is not null, "A job that rests has a deadline.");
            if (run.Job.Request?.DryRun == true) Assert.DoesNotContain(run.History, e => e is SnapshotTaken or Staged or Swapped or RollbackRequested);
        }

        Assert.Equal(Print(run.Job), Print(Replayed(run.History)));
        Assert.Empty(run.History.Select(e => e.GetType()).Where(Once.Contains).GroupBy(type => type).Where(same => same.Count() > 1).Select(same => same.Key.Name));
        Assert.False(run.History.OfType<JobFailed>().Any() && run.History.OfType<RestoreCompleted>().Any(), "It completed and failed.");
        Assert.True(run.History.OfType<RollbackRequested>().Count() <= RestoreJob.MaxRollbacks + 1);
    }

    /// <summary>Steps of a worker that does what it is told, dies before or after doing it, or cannot: what the job says in the end is what the site holds.</summary>
    [Property(MaxTest = 500, EndSize = 200)]
    public void The_end_tells_what_the_site_holds(byte[] script)
    {
        var site = new Site();
        var (job, now) = (RestoreJob.None, Given.T0);
        Do(GivenRestore.Request);
        Do(new Begin());
        for (var i = 0; i < script.Length * 2 && !job.IsTerminal; i++)
        {
            var code = script[i % script.Length];
            now += TimeSpan.FromSeconds(61);
            if (code % 32 == 7) Do(new Cancel());
            if (code % 16 == 5) Do(new RollBack());
            if (code % 64 == 11) now += TimeSpan.FromHours(3);
            Do(new Expire());
            Do(new StartStep("n1"));
            if (job.Running(Given.Id) is { } token) Do(new ReportStep(token, site.Do(token.Step, code), GivenRestore.Facts, 0.5));
            if (job.Outcome is Outcome.Open) continue;
            var isUnknown = job.Fault?.Code == "ROLLBACK_FAILED" || (job.Stage is RestoreStage.RollingBack);
            var hasNew = job.Outcome is Outcome.Completed && job.RolledBackAt is null;
            if (!isUnknown && job.RollbackFault is null) Assert.Equal(hasNew, site.HasNew);
        }

        void Do(IJobCommand command)
        {
            foreach (var e in job.Decide(command, now)) job = job.Apply(e);
        }
    }

    /// <summary>The rules say something: scripts of that kind reach every stage and every event.</summary>
    [Fact]
    public void Scripts_lead_everywhere()
    {
        var random = new Random(5);
        var (stages, events) = (new HashSet<RestoreStage>(), new HashSet<Type>());
        for (var n = 0; n < 2000; n++)
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

        Assert.Empty(Enum.GetValues<RestoreStage>().Except([RestoreStage.None]).Except(stages));
        Assert.Empty(Own.Concat(Shared).Except(events));
        Assert.Empty(events.Except(Own).Except(Shared));
    }

    private static IEnumerable<byte> Codes(byte[] script) => script.Concat(script.Reverse()).Prepend((byte)(16 * (script.Length % 16)));

    private static void StatusIsNeverTakenBack(RestoreJob before, RestoreJob after)
    {
        Assert.True(after.Progress() >= before.Progress());
        Assert.True(after.Fence >= before.Fence);
        if (before.Stage is RestoreStage.None) return;
        var (from, to) = (Array.IndexOf(Statuses, before.Status), Array.IndexOf(Statuses, after.Status));
        Assert.True(to == from || (to > from && from < 2), $"{before.Status} became {after.Status}");
    }

    private static void OneStepAtATime(RestoreJob before, IReadOnlyList<IJobEvent> events)
    {
        Assert.True(events.OfType<StepStarted>().Count() <= 1);
        foreach (var started in events.OfType<StepStarted>())
        {
            Assert.Equal((before.NextStep, before.Fence + 1, before.Attempt + 1), ((CloneStep?)started.Step, started.Fence, started.Attempt));
            Assert.True(started.At >= before.RetryAt, "It did not wait for its turn after a failure.");
        }

        Assert.All(events.Where(e => e is Planned or Staged or Swapped or StepFailed or RolledBack or RollbackFailed), _ => Assert.True(before.StepRunning || before.Attempt > 0, "A step ended that did not run."));
    }

    private static RestoreJob Replayed(IEnumerable<IJobEvent> history) => history.Select(Stored).Aggregate(RestoreJob.None, (job, e) => job.Apply(e));

    private static IJobEvent Stored(IJobEvent e) =>
        (IJobEvent)JsonSerializer.Deserialize(JsonSerializer.SerializeToUtf8Bytes(e, e.GetType(), EventJson.Options), EventNames.TypeOf(EventNames.Of(e))!, EventJson.Options)!;

    /// <summary>As the stored status is written, and read again.</summary>
    private static string Print(IJob job) => JsonSerializer.Serialize(JsonSerializer.Deserialize<IJob>(JsonSerializer.Serialize(job, EventJson.Options), EventJson.Options), EventJson.Options);

    /// <summary>Does what its code says of an attempt; the same attempt may have been made, in part, before.</summary>
    private sealed class Site
    {
        public bool HasNew { get; private set; }

        public StepFault? Do(CloneStep step, byte code)
        {
            if (code % 5 == 1) return Given.Passing;
            if (step is CloneStep.SwapRestore && code % 5 == 2) return GivenRestore.Broken with { Code = HasNew ? Mend() : StepFault.RestoreBrokeSite };
            if (step is CloneStep.SwapRestore) HasNew = true;
            if (step is CloneStep.RollBackRestore) HasNew = false;
            return code % 5 == 3 ? StepFault.LostWorker : code % 25 == 4 && step is not CloneStep.EndRestore ? Given.Final : null;
        }

        private string Mend()
        {
            HasNew = false;
            return StepFault.RestoreBrokeSite;
        }
    }

    private sealed class Run
    {
        private readonly List<ReportStep> _late = [];

        public RestoreJob Job { get; private set; } = RestoreJob.None;

        public DateTimeOffset Now { get; private set; } = Given.T0;

        public List<IJobEvent> History { get; } = [];

        public IReadOnlyList<IJobEvent> Do(byte code)
        {
            Now += (code % 64) switch
            {
                0 => TimeSpan.FromMinutes(61),
                1 => TimeSpan.Zero,
                2 => TimeSpan.FromHours(25),
                _ => TimeSpan.FromSeconds(code % 7),
            };
            var events = Job.Decide(CommandOf(code), Now);
            foreach (var e in events) Job = Job.Apply(e);
            History.AddRange(events);
            return events;
        }

        private IJobCommand CommandOf(byte code) => (code % 16) switch
        {
            0 => GivenRestore.Request with { Notifies = code % 32 == 0, Order = GivenRestore.Request.Order with { DryRun = code % 80 == 0, OnDrift = (OnDrift)(code % 3) } },
            1 => new Begin(),
            2 or 3 => new StartStep("n1"),
            4 or 5 or 6 or 7 => Report(null),
            8 => Report(code > 32 ? Given.Passing : Given.Final),
            9 => Report(code > 128 ? GivenRestore.Broken : StepFault.LostWorker),
            10 => _late.Count > 0 ? _late[code % _late.Count] : new Begin(),
            11 => new RollBack(),
            12 => new ReportReplaced([Given.Id.Value]),
            13 => new ReportNotice(Job.Notices is [var first, ..] ? first : Notice.Failed, Job.NoticeAttempt + (code % 3 == 0 ? 0 : 1), code > 128 ? "503" : null, 0.5, Final: code > 240),
            14 => code > 200 ? new Cancel() : new StartStep("n2"),
            _ => new Expire(),
        };

        private ReportStep Report(StepFault? fault)
        {
            var facts = Job.Fence % 5 == 4 ? GivenRestore.Facts with { Plan = GivenRestore.Plan with { Drift = [new TableDrift("wp_comments", DriftKind.Comments, 1, 2)] } } : GivenRestore.Facts;
            var report = new ReportStep(new StepToken(Given.Id, Job.NextStep ?? CloneStep.EndRestore, Job.Attempt, Job.Fence), fault, facts, 0.5);
            _late.Add(report);
            return report;
        }
    }
}
