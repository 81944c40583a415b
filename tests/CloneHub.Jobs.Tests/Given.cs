using CloneHub.Contracts;

namespace CloneHub.Jobs.Tests;

/// <summary>Speaks of a job in events: given these, when that is asked, then those happen.</summary>
internal sealed class Given
{
    public static readonly DateTimeOffset T0 = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    public static readonly JobId Id = JobId.FromBytes([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
    public const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    public static readonly Uri Source = new("https://shop.example/");
    public static readonly TimeSpan Ttl = TimeSpan.FromMinutes(30);
    public static readonly ContentFacts Content = new(12, 345, 678, 9_000_000);
    public static readonly StepFault Passing = new("SOURCE_UNREACHABLE", "The source does not answer.", "Check that it is up.", true);
    public static readonly StepFault Final = new("LOGIN_FAILED", "The source refused the password.", "Check user name and password.", false);

    private readonly DateTimeOffset _now;

    private Given(CloneJob job, DateTimeOffset now) => (Job, _now) = (job, now);

    public CloneJob Job { get; }

    public static Given Nothing => new(CloneJob.None, T0);

    /// <summary>A job that was taken through the given stages, one start of one step each.</summary>
    public static Given AJobIn(Stage stage)
    {
        var given = Nothing.After(new RequestClone(Source, "acme", "shop", Ttl, "f1"));
        if (stage is Stage.Requested) return given;
        given = given.After(new Begin());
        while (given.Job.Stage < stage && given.Job.NextStep is not null) given = given.Succeeding();
        return stage switch
        {
            Stage.Failed => AJobIn(Stage.PodReady).FailingWith(Final),
            Stage.Removing => AJobIn(Stage.Serving).At(Ttl).After(new Expire()),
            Stage.Removed => AJobIn(Stage.Removing).Succeeding(),
            Stage.Cancelled => AJobIn(Stage.Started).After(new StartStep("n1")).After(new Cancel()).Succeeding(),
            _ => given,
        };
    }

    /// <summary>The same job, so much later.</summary>
    public Given At(TimeSpan later) => new(Job, _now + later);

    public Given After(IJobCommand command) => new(Job.Decide(command, _now).Aggregate(Job, (job, e) => job.Apply(e)), _now);

    public Given Started(string node = "n1") => After(new StartStep(node));

    public Given Succeeding() => Reporting(null);

    public Given FailingWith(StepFault fault) => Reporting(fault);

    public ReportStep Report(StepFault? fault, long? fence = null)
    {
        var token = Job.Running(Id) ?? new StepToken(Id, Job.NextStep ?? CloneStep.CreateDatabase, 1, 1);
        return new ReportStep(token with { Fence = fence ?? token.Fence }, fault, Facts, Jitter: 1);
    }

    private Given Reporting(StepFault? fault)
    {
        var running = Started();
        return running.After(running.Report(fault));
    }

    public IReadOnlyList<IJobEvent> When(IJobCommand command) => Job.Decide(command, _now);

    public static StepFacts Facts { get; } = new()
    {
        Content = Content,
        PluginVersion = "1.0.0",
        Username = "clonehub",
        CloneUrl = new Uri("http://clone.localhost:5080/"),
        Warnings = ["object-cache.php was switched off"],
    };
}
