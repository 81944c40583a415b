using Akka.Actor;
using CloneHub.Contracts;

namespace CloneHub.Jobs;

/// <summary>
/// What a job owes beside its steps. Each is asked for once at a time; after a crash it is asked for again, and whoever is asked bears that.
/// </summary>
internal sealed partial class CloneJobActor
{
    private static readonly TimeSpan BeforeEarlierAgain = TimeSpan.FromSeconds(5);

    private bool _earlierAsked;

    /// <summary>Something is under way or owed: not the time to rest.</summary>
    private bool IsBusy => _job.NextStep is not null || _job.ReplacesNow;

    private void PayDebts()
    {
        if (_job.ReplacesNow && !_earlierAsked) AskEarlier();
    }

    private void AskEarlier()
    {
        _earlierAsked = true;
        _engine.Earlier.RemoveAsync(_id, _job.Request!).PipeTo(Self, success: jobs => new EarlierAsked(jobs, null), failure: e => new EarlierAsked([], e));
    }

    private void OnEarlierAsked(EarlierAsked asked)
    {
        _earlierAsked = false;
        if (asked.Error is null)
        {
            Handle(new ReportReplaced([.. asked.Jobs.Select(job => job.Value)]));
            return;
        }

        LogEarlierStay(_engine.Logger, asked.Error, _id);
        Timers.StartSingleTimer(nameof(AskEarlier), RetryDue.Instance, BeforeEarlierAgain);
    }

    private sealed record EarlierAsked(IReadOnlyList<JobId> Jobs, Exception? Error) : INoSerializationVerificationNeeded;
}
