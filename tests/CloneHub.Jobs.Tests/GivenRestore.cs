using CloneHub.Contracts;

namespace CloneHub.Jobs.Tests;

/// <summary>Speaks of a restore in events, as <see cref="Given"/> does of a clone.</summary>
internal sealed class GivenRestore
{
    public static readonly Uri Clone = new("http://job-aebagbafaydqqcikbmga2dqpca.localhost:5080/");
    public static readonly Uri Target = new("https://shop.example/");
    public static readonly TableMark Mark = new("wp_posts", 3, "aa");
    public static readonly StepFault Broken = new(StepFault.RestoreBrokeSite, "The site answered 500.", "See its log.", false);

    public static readonly RequestRestore Request =
        new(Clone, new RestoreOrder(Target, Base: [Mark with { Sum = "bb" }]), "acme", "shop", "f1", "job-aebagbafaydqqcikbmga2dqpca");

    public static readonly PlanFacts Plan = new(
        [new TablePlan("wp_posts", 3, 4, 2, 1, 1), new TablePlan("wp_users", 2, 3, Stays: true)], new FilesPlan(1, 2, 3, 4_000),
        [
            new ExtensionPlan(ExtensionKind.Plugin, "akismet", "5.1", "5.3", true, true, false),
            new ExtensionPlan(ExtensionKind.Theme, "twentytwentyfive", null, "1.1", false, true, true),
        ],
        ["siteurl"], [], [], ["Plugin akismet is active in the clone only."]);

    private readonly DateTimeOffset _now;

    private GivenRestore(RestoreJob job, DateTimeOffset now) => (Job, _now) = (job, now);

    public RestoreJob Job { get; }

    public static GivenRestore Nothing => new(RestoreJob.None, Given.T0);

    /// <summary>A restore that was taken through the given stages, one start of one step each.</summary>
    public static GivenRestore In(RestoreStage stage, RequestRestore? request = null)
    {
        var given = Nothing.After(request ?? Request);
        if (stage is RestoreStage.Requested) return given;
        if (stage is RestoreStage.Cancelled) return In(RestoreStage.Planned, request).After(new Cancel()).Succeeding();
        given = given.After(new Begin());
        while (given.Job.Stage < stage && given.Job.Stage < RestoreStage.Undoable) given = given.Succeeding();
        return stage switch
        {
            RestoreStage.RollingBack => given.After(new RollBack()),
            RestoreStage.Ending => given.At(RestoreJob.UndoLimit).After(new Expire()),
            RestoreStage.Ended => In(RestoreStage.Ending, request).Succeeding(),
            _ => given,
        };
    }

    public GivenRestore At(TimeSpan later) => new(Job, _now + later);

    public GivenRestore After(IJobCommand command) => new(Job.Decide(command, _now).Aggregate(Job, (job, e) => job.Apply(e)), _now);

    public GivenRestore Started() => After(new StartStep("n1"));

    public GivenRestore Succeeding(StepFacts? facts = null) => Reporting(null, facts);

    public GivenRestore FailingWith(StepFault fault) => Reporting(fault, null);

    public ReportStep Report(StepFault? fault, StepFacts? facts = null) =>
        new(Job.Running(Given.Id) ?? new StepToken(Given.Id, Job.NextStep ?? CloneStep.PlanRestore, 1, 1), fault, facts ?? Facts, Jitter: 1);

    public IReadOnlyList<IJobEvent> When(IJobCommand command) => Job.Decide(command, _now);

    public IReadOnlyList<string> NamesWhen(IJobCommand command) => [.. When(command).Select(e => e.GetType().Name)];

    private GivenRestore Reporting(StepFault? fault, StepFacts? facts)
    {
        var running = Started();
        return running.After(running.Report(fault, facts));
    }

    public static StepFacts Facts { get; } = new()
    {
        Plan = Plan,
        Snapshot = [Mark],
        Staged = new StagedFacts(12, 345, 6, 7_000),
        Swap = new SwapFacts([Mark], 240),
        Warnings = ["A user of the clone is not at the site."],
    };
}
