using CloneHub.Contracts;
using CloneHub.Jobs.Archive;
using CloneHub.Jobs.Vault;

namespace CloneHub.Jobs.Tests.Engine;

/// <summary>Events as a job would have recorded them.</summary>
internal static class Histories
{
    /// <summary>Id, place and moment of every event of a clone that was made, served and was removed.</summary>
    public static IReadOnlyList<RecordedEvent> Whole() => Until(Stage.Removed, new RequestClone(Given.Source, "acme", "shop", Given.Ttl, "f1"), Given.T0);

    /// <param name="stage">Serving or Removed.</param>
    public static IReadOnlyList<RecordedEvent> Until(Stage stage, RequestClone request, DateTimeOffset from)
    {
        var now = from;
        var job = CloneJob.None;
        var recorded = new List<RecordedEvent>();
        Do(request);
        Do(new Begin());
        while (job.Stage is not Stage.Serving) Step();
        if (stage is Stage.Serving) return recorded;
        now += request.Ttl;
        Do(new Expire());
        Step();
        return recorded;

        void Step()
        {
            Do(new StartStep("n1"));
            Do(new ReportStep(job.Running(Given.Id)!, null, Given.Facts, 1));
        }

        void Do(IJobCommand command)
        {
            // PostgreSQL keeps microseconds of a moment.
            now += TimeSpan.FromMicroseconds(1001);
            foreach (var e in job.Decide(command, now))
            {
                job = job.Apply(e);
                recorded.Add(new RecordedEvent(Guid.CreateVersion7(now), e));
            }
        }
    }

    /// <summary>A restore from its request to its end, undone or not.</summary>
    public static IReadOnlyList<RecordedEvent> Restore(RequestRestore request, DateTimeOffset from, bool isUndone = false)
    {
        var (now, job, recorded) = (from, RestoreJob.None, new List<RecordedEvent>());
        Do(request);
        Do(new Begin());
        while (job.NextStep is not null) Step();
        if (isUndone) Do(new RollBack());
        if (job.Stage is RestoreStage.RollingBack) Step();
        now += RestoreJob.UndoLimit;
        Do(new Expire());
        if (job.NextStep is not null) Step();
        return recorded;

        void Step()
        {
            Do(new StartStep("n1"));
            Do(new ReportStep(job.Running(Given.Id)!, null, GivenRestore.Facts, 1));
        }

        void Do(IJobCommand command)
        {
            now += TimeSpan.FromMicroseconds(1001);
            foreach (var e in job.Decide(command, now))
            {
                job = job.Apply(e);
                recorded.Add(new RecordedEvent(Guid.CreateVersion7(now), e));
            }
        }
    }

    public static ArchiveEntry Entry(JobId job, IReadOnlyList<RecordedEvent> history, int first, int last, bool lookFirst = false) =>
        new(job, first, [.. history.Skip(first - 1).Take(last - first + 1)], lookFirst);

    public static JobId NewJob() => IdempotentJobId.New();

    public static CloneJob Folded(IEnumerable<RecordedEvent> events) => events.Aggregate(CloneJob.None, (job, r) => job.Apply(r.Event));
}
