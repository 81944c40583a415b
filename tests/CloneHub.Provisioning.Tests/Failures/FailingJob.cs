using CloneHub.Contracts;
using CloneHub.Jobs;

namespace CloneHub.Provisioning.Tests.Failures;

/// <summary>Jobs on their way to failure, as their owner sees them.</summary>
internal static class FailingJob
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly JobId Job = JobId.FromBytes(new byte[16]);

    private static readonly StepFacts Success = new() { Content = new ContentFacts(1, 1, 1, 1), PluginVersion = "1", Username = "clonehub", CloneUrl = new Uri("http://clone.example/") };

    /// <summary>A job of which a step ends with a fault as often as it is tried.</summary>
    public static CloneJob With(CloneStep step, StepFault fault)
    {
        var now = Start;
        var job = Before(step);
        for (; job.IsBuilding; now = now.AddMinutes(1)) job = TryStep(job, fault, now);
        return job;
    }

    /// <summary>A job whose worker dies at every start of a step.</summary>
    public static CloneJob WithDyingWorker()
    {
        var job = Before(CloneStep.ImportContent);
        while (job.IsBuilding) job = Tell(job, new StartStep("node"), Start);
        return job;
    }

    /// <summary>A job that does not come to its end.</summary>
    public static CloneJob WithoutEnd() => Tell(Before(CloneStep.ImportContent), new Expire(), Start + CloneJob.BuildLimit);

    /// <summary>A job whose owner offered to install the connector and does not.</summary>
    public static CloneJob WithIdleOwner(StepFault fault)
    {
        var job = TryStep(Before(CloneStep.ImportContent, byHand: true), fault, Start);
        return Tell(Tell(job, new StartStep("node"), Start), new Expire(), Start + CloneJob.BuildLimit);
    }

    private static CloneJob Before(CloneStep step, bool byHand = false)
    {
        var job = Tell(CloneJob.None, new RequestClone(new Uri("http://source.example/"), "tests", null, TimeSpan.FromHours(1), "hash", ByHand: byHand), Start);
        job = Tell(job, new Begin(), Start);
        while (job.NextStep != step) job = TryStep(job, null, Start);
        return job;
    }

    private static CloneJob TryStep(CloneJob job, StepFault? fault, DateTimeOffset now)
    {
        job = Tell(job, new StartStep("node"), now);
        return Tell(job, new ReportStep(job.Running(Job)!, fault, Success, Jitter: 0), now);
    }

    private static CloneJob Tell(CloneJob job, IJobCommand command, DateTimeOffset now) => job.Decide(command, now).Aggregate(job, (state, e) => state.Apply(e));
}
