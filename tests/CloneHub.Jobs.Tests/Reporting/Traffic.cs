using CloneHub.Contracts;
using CloneHub.Jobs.Archive;
using CloneHub.Jobs.Tests.Engine;

namespace CloneHub.Jobs.Tests.Reporting;

/// <summary>Jobs as the lifecycle itself makes them, with chance in place of the world: the same seed gives the same jobs.</summary>
internal sealed class Traffic(int seed)
{
    private static readonly string[] Codes = ["SOURCE_UNREACHABLE", "LOGIN_FAILED", "VERIFY_FAILED"];
    private readonly Random _random = new(seed);

    /// <summary>Begin, end and size of everything that was asked to happen, for computing the truth without the projection.</summary>
    public List<(string Tenant, string? Customer, IJobEvent Event)> Happened { get; } = [];

    /// <summary>Restores beside the clones. The reports do not count them.</summary>
    public static IReadOnlyList<(JobId Job, IReadOnlyList<RecordedEvent> Events)> Restores(int count, DateTimeOffset from) =>
        [.. Enumerable.Range(0, count).Select(n => (Histories.NewJob(), Histories.Restore(GivenRestore.Request, from.AddHours(n), isUndone: n % 2 == 0)))];

    public (JobId Job, IReadOnlyList<RecordedEvent> Events) Job(string tenant, string? customer, DateTimeOffset at)
    {
        var (now, job, recorded) = (at, CloneJob.None, new List<RecordedEvent>());
        Do(new RequestClone(Given.Source, tenant, customer, Given.Ttl, "f1"));
        if (Chance(0.05)) Do(new Cancel());
        Pass(TimeSpan.FromMinutes(3));
        Do(new Begin());
        var gone = Chance(0.05);
        while (job.NextStep is { } step)
        {
            if (now < job.RetryAt) now = job.RetryAt;
            Do(new StartStep("n1"));
            if (gone && step is CloneStep.ImportContent) Do(new Cancel());
            Pass(TimeSpan.FromMinutes(1));
            if (job.Running(Given.Id) is not { } token) continue;
            Do(new ReportStep(token, Chance(0.06) ? new StepFault(Codes[_random.Next(Codes.Length)], "No.", "Try.", Chance(0.7)) : null, Given.Facts, _random.NextDouble()));
        }

        Pass(TimeSpan.FromHours(20));
        Do(Chance(0.3) ? new Cancel() : new Expire());
        while (job.NextStep is not null)
        {
            Do(new StartStep("n1"));
            Pass(TimeSpan.FromSeconds(2));
            Do(new ReportStep(job.Running(Given.Id)!, null, Given.Facts, 1));
        }

        return (Histories.NewJob(), recorded);

        void Pass(TimeSpan atMost) => now += TimeSpan.FromMilliseconds(Math.Floor(atMost.TotalMilliseconds * Math.Pow(_random.NextDouble(), 3)));

        void Do(IJobCommand command)
        {
            now += TimeSpan.FromMilliseconds(1);
            foreach (var e in job.Decide(command, now))
            {
                job = job.Apply(e);
                recorded.Add(new RecordedEvent(Guid.CreateVersion7(now), e));
                Happened.Add((tenant, customer, e));
            }
        }
    }

    public IReadOnlyList<(JobId Job, IReadOnlyList<RecordedEvent> Events)> Jobs(int count, DateTimeOffset from, int days) =>
    [
        .. Enumerable.Range(0, count).Select(_ => Job(
            Chance(0.6) ? "acme" : "globex", _random.Next(4) is > 0 and var n ? $"shop-{n}" : null, from + (TimeSpan.FromDays(days) * _random.NextDouble()))),
    ];

    private bool Chance(double likelihood) => _random.NextDouble() < likelihood;
}
