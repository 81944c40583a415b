using CloneHub.Contracts;
using FsCheck.Xunit;

namespace CloneHub.Jobs.Tests;

/// <summary>What holds for any sequence of commands, sensible or not.</summary>
public sealed class CloneJobProperties
{
    [Property(MaxTest = 500)]
    public void Progress_never_falls_and_the_end_is_final(byte[] script)
    {
        var job = CloneJob.None;
        var now = Given.T0;
        foreach (var code in script.Concat(script).Prepend((byte)0))
        {
            var before = job;
            now += TimeSpan.FromSeconds(code);
            job = job.Decide(CommandOf(code, job), now).Aggregate(job, (state, e) => state.Apply(e));

            Assert.True(job.Progress() >= before.Progress());
            Assert.True(job.Fence >= before.Fence);
            if (before.IsOver) Assert.Same(before, job);
            if (before.IsTerminal) Assert.Equal(before.Stage, job.Stage);
            if (before.Outcome is not Outcome.Open) Assert.Equal(before.Outcome, job.Outcome);
            Assert.Equal(job.NextStep is null, job.Stage is Stage.None or Stage.Requested or Stage.Serving or Stage.Failed or Stage.Removed or Stage.Cancelled);
            Assert.True(job.NextStep is not null || job.Stage is Stage.None || job.Deadline is not null, "A job that rests has a deadline.");
        }
    }

    private static IJobCommand CommandOf(byte code, CloneJob job) => (code % 12) switch
    {
        0 => new RequestClone(Given.Source, "acme", null, Given.Ttl, "f1", Replaces: code > 128, Notifies: code % 24 == 0, ByHand: code % 36 == 0),
        1 => new Begin(),
        2 or 3 => new StartStep("n1"),
        4 or 5 => Report(job, null, job.Fence),
        6 => Report(job, code > 128 ? Given.Passing : Given.Final, job.Fence),
        7 => Report(job, null, job.Fence - 1),
        8 => new Extend(TimeSpan.FromMinutes(code)),
        9 => new ReportReplaced([]),
        10 => new ReportNotice(job.Notices is [var first, ..] ? first : Notice.Failed, job.NoticeAttempt + 1, code > 128 ? "503" : null, 0.5),
        _ => code > 200 ? new Cancel() : new Expire(),
    };

    private static ReportStep Report(CloneJob job, StepFault? fault, long fence) =>
        new(new StepToken(Given.Id, job.NextStep ?? CloneStep.Remove, job.Attempt, fence), fault, Given.Facts, 0.5);
}
