using CloneHub.Contracts;
using CloneHub.Jobs.GetJobStatus;
using Microsoft.Extensions.Time.Testing;

namespace CloneHub.Jobs.Tests.Engine;

public sealed class JobsAtWorkTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly JobId _job = Histories.NewJob();
    private readonly JobsAtWork _jobs;

    public JobsAtWorkTests() => _jobs = new JobsAtWork(_clock);

    [Fact]
    public void What_a_job_has_said_holds_for_a_moment()
    {
        Assert.False(_jobs.Contains(_job));
        _jobs.Note(_job, isAtWork: true);
        _clock.Advance(TimeSpan.FromSeconds(4));
        Assert.True(_jobs.Contains(_job));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(_jobs.Contains(_job));
    }

    [Fact]
    public void A_job_that_rests_is_at_work_no_more()
    {
        _jobs.Note(_job, isAtWork: true);
        _jobs.Note(_job, isAtWork: false);
        Assert.False(_jobs.Contains(_job));
    }

    [Fact]
    public void A_thousand_are_remembered_and_with_one_more_all_are_forgotten()
    {
        var others = Enumerable.Range(0, 1_000).Select(_ => Histories.NewJob()).ToList();
        foreach (var other in others) _jobs.Note(other, isAtWork: true);
        _jobs.Note(others[0], isAtWork: true);
        Assert.All(others, other => Assert.True(_jobs.Contains(other)));

        _jobs.Note(_job, isAtWork: true);
        Assert.True(_jobs.Contains(_job));
        Assert.All(others, other => Assert.False(_jobs.Contains(other)));
    }
}
