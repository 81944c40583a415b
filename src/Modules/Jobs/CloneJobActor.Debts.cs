using Akka.Actor;
using CloneHub.Contracts;
using CloneHub.Jobs.Callbacks;
using CloneHub.Jobs.Journal;

namespace CloneHub.Jobs;

/// <summary>
/// What a job owes beside its steps. Each is asked for once at a time; after a crash it is asked for again, and whoever is asked bears that.
/// </summary>
internal sealed partial class CloneJobActor
{
    private static readonly TimeSpan BeforeEarlierAgain = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan BeforeCallAgain = TimeSpan.FromSeconds(5);

    private static readonly CallbackAnswer Broken = new("The call could not be made, by a fault in CloneHub.");

    private bool _earlierAsked;
    private bool _ownerCalled;

    /// <summary>Read by a call when it is made, which is not on the actor's thread.</summary>
    private volatile JobState? _latest;

    /// <summary>Something is under way or owed: not the time to rest.</summary>
    private bool IsBusy => _job.NextStep is not null || _job.ReplacesNow || _job.Notices.Count > 0;

    private void PayDebts()
    {
        if (_job.ReplacesNow && !_earlierAsked) AskEarlier();
        if (_job.Notices.Count > 0 && !_ownerCalled) CallOwner();
    }

    private void AskEarlier()
    {
        _earlierAsked = true;
        _engine.Earlier.RemoveAsync(_id, _job.Request!).PipeTo(Self, success: done => new EarlierAsked(done, null), failure: e => new EarlierAsked(null, e));
    }

    private void OnEarlierAsked(EarlierAsked asked)
    {
        _earlierAsked = false;
        if (asked.Done is { } done)
        {
            Handle(new ReportReplaced([.. done.Gone.Select(job => job.Value)], done.IsReplaced));
            return;
        }

        LogEarlierStay(_engine.Logger, asked.Error, _id);
        Timers.StartSingleTimer(nameof(AskEarlier), RetryDue.Instance, BeforeEarlierAgain);
    }

    /// <summary>The attempt is written down when it has ended, so one that a crash cut short is made again under the same number.</summary>
    private void CallOwner()
    {
        var wait = _job.NoticeAt - _engine.Now;
        if (wait > TimeSpan.Zero)
        {
            Timers.StartSingleTimer(nameof(CallOwner), RetryDue.Instance, wait);
            return;
        }

        _ownerCalled = true;
        var (notice, attempt) = (_job.Notices[0], _job.NoticeAttempt + 1);
        _latest = State;
        _engine.Callbacks.SendAsync(_id, _job.Request!.Tenant, () => Callback.Of(_latest, notice))
            .PipeTo(Self, success: answer => new OwnerCalled(notice, attempt, answer, null), failure: e => new OwnerCalled(notice, attempt, null, e));
    }

    private void OnOwnerCalled(OwnerCalled called)
    {
        _ownerCalled = false;

        // A report that was overtaken decides nothing; what is owed is looked at again all the same.
        Timers.StartSingleTimer(nameof(CallOwner), RetryDue.Instance, BeforeCallAgain);
        if (called.Error is { } silence && RedisTrouble.Is(silence))
        {
            LogOwnerNotCalled(_engine.Logger, silence, _id, called.Notice);
            return;
        }

        var answer = called.Answer ?? Broken;
        if (called.Error is { } error) LogOwnerCallBroken(_engine.Logger, _id, called.Notice, error.GetType().Name, error.StackTrace);
        Handle(new ReportNotice(called.Notice, called.Attempt, answer.Fault, _engine.Jitter(), answer.Final, answer.RetryAfter));
    }

    /// <param name="Error">Of a store: nobody was called, and that is no attempt. Any other one counts, so that a job always ends.</param>
    private sealed record OwnerCalled(Notice Notice, int Attempt, CallbackAnswer? Answer, Exception? Error) : INoSerializationVerificationNeeded;

    private sealed record EarlierAsked(Replacement? Done, Exception? Error) : INoSerializationVerificationNeeded;
}
