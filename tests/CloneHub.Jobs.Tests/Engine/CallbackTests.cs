using Akka.Actor;
using CloneHub.Contracts;
using CloneHub.Testing;
using Microsoft.AspNetCore.Http;
using StackExchange.Redis;

namespace CloneHub.Jobs.Tests.Engine;

/// <summary>A job's actor calls the job's owner: what is owed is paid once, through refusals and crashes.</summary>
public sealed class CallbackTests(Stores stores) : JobKit(stores, stores.NewCorner()), IAsyncLifetime
{
    private static readonly RequestClone Called = new(Given.Source, "acme", "shop", Given.Ttl, "f1", Notifies: true);

    private CallbackReceiver _receiver = null!;

    public async Task InitializeAsync()
    {
        _receiver = await CallbackReceiver.StartAsync();
        CallbackUrl = _receiver.Url;
    }

    public async Task DisposeAsync() => await _receiver.DisposeAsync();

    [Fact]
    public async Task The_owner_is_called_once_about_every_end_in_its_order()
    {
        var job = await RemovedAsync();

        await ToldAsync(job, "Completed 1, Removed 1");
        Assert.Equal([("job.completed", $"msg_{job.Key}_completed"), ("job.removed", $"msg_{job.Key}_removed")], _receiver.Calls.Select(c => (c.Type, c.Id)));
    }

    [Fact]
    public async Task Who_gave_no_address_is_not_called()
    {
        var job = await JobInAsync(Stage.Serving, Called with { Notifies = false });

        Assert.True((await StateAsync(job)).Job.Notices is []);
        Assert.Empty(_receiver.Calls);
    }

    [Fact]
    public async Task A_call_that_was_refused_is_made_again_after_its_pause_under_the_same_id()
    {
        _receiver.Answering = (response, number) =>
        {
            response.StatusCode = number == 1 ? StatusCodes.Status500InternalServerError : StatusCodes.Status200OK;
            return Task.CompletedTask;
        };
        var job = await JobInAsync(Stage.Serving, Called);
        await FailedAsync(job, 1);

        Pass(TimeSpan.FromSeconds(0.9));
        await StateAsync(job);
        Assert.Single(_receiver.Calls);
        Pass(TimeSpan.FromSeconds(1.1));

        await ToldAsync(job, "Completed 2");
        Assert.Single(_receiver.Calls.Select(call => call.Id).Distinct());
        Assert.Equal("The address answered 500.", (await JournalAsync(job)).Select(r => r.Event).OfType<NoticeFailed>().Single().Reason);
    }

    [Fact]
    public async Task A_crash_before_the_answer_calls_again_under_the_same_id()
    {
        var never = new TaskCompletionSource();
        _receiver.Answering = (_, number) => number == 1 ? never.Task : Task.CompletedTask;
        var job = await JobInAsync(Stage.Serving, Called);
        await _receiver.ReceivedAsync(1);
        await CrashAsync(job, Kill.Instance);

        Wake(job);

        await ToldAsync(job, "Completed 1");
        Assert.Equal([$"msg_{job.Key}_completed", $"msg_{job.Key}_completed"], _receiver.Calls.Select(call => call.Id));
        never.SetResult();
    }

    [Fact]
    public async Task A_store_that_does_not_answer_is_no_attempt()
    {
        var vault = new Faltering(Vault, new RedisTimeoutException(CommandFlags.None, "Redis is away.", CommandStatus.Unknown));
        var job = await ServingAsync(vault);
        await StateAsync(job);
        Assert.Empty(_receiver.Calls);

        Pass(TimeSpan.FromSeconds(5));

        await ToldAsync(job, "Completed 1");
    }

    [Fact]
    public async Task Whatever_else_goes_wrong_is_an_attempt_that_failed()
    {
        var vault = new Faltering(Vault, new FormatException("https://owner.example/hook?token=t1"));
        var job = await ServingAsync(vault);
        await FailedAsync(job, 1);
        Assert.Equal("The call could not be made, by a fault in CloneHub.", (await JournalAsync(job)).Select(r => r.Event).OfType<NoticeFailed>().Single().Reason);

        Pass(TimeSpan.FromSeconds(5));

        await ToldAsync(job, "Completed 2");
    }

    [Fact]
    public async Task An_address_that_was_lost_is_given_up()
    {
        var job = await JobInAsync(Stage.Requested, Called);
        await Store.DeleteSecretsAsync(job);

        Jobs.Tell(new CancelJob(job));

        await Eventually.Until("the call is given up", async () => (await StateAsync(job)).Job.IsOver, Patience);
        Assert.Null((await JournalAsync(job)).Select(r => r.Event).OfType<NoticeFailed>().Single().RetryAt);
    }

    [Fact]
    public async Task Until_the_last_call_the_address_is_kept_and_nothing_else_of_the_secrets()
    {
        _receiver.Answers(StatusCodes.Status500InternalServerError);
        var job = await RemovedAsync();
        await FailedAsync(job, 1);

        await Eventually.Until("the clone's password is forgotten", async () => await SecretsAsync(job) is { } s && s.ClonePassword.Reveal().Length == 0);
        var kept = (await SecretsAsync(job))!;
        Assert.Equal(("", "", "", _receiver.Url.AbsoluteUri), (kept.SourceUsername, kept.DatabasePassword.Reveal(), kept.ConnectorKey.Reveal(), kept.CallbackUrl?.Reveal()));

        _receiver.Answers(StatusCodes.Status204NoContent);
        Pass(TimeSpan.FromSeconds(2));

        await ToldAsync(job, "Completed 2, Removed 1");
        await Eventually.Until("all secrets are gone", async () => await SecretsAsync(job) is null);
    }

    [Fact]
    public async Task A_journal_that_owes_a_call_is_not_purged()
    {
        _receiver.Answers(StatusCodes.Status500InternalServerError);
        var job = await RemovedAsync();
        await FailedAsync(job, 1);

        Pass(CloneJob.JournalRetention + TimeSpan.FromMinutes(1));
        await FailedAsync(job, 2);
        Jobs.Tell(new ExpireJob(job));
        Assert.False((await StateAsync(job)).Job.IsOver);
        Assert.NotEmpty(await JournalAsync(job));
        Assert.True(await Store.IsLiveAsync(job));

        _receiver.Answers(StatusCodes.Status204NoContent);
        Pass(TimeSpan.FromSeconds(10));
        await ToldAsync(job, "Completed 3, Removed 1");
        await Eventually.Until("the job is not live any more", async () => !await Store.IsLiveAsync(job));
        Jobs.Tell(new ExpireJob(job));
        await Eventually.Until("the journal is purged", async () => (await JournalAsync(job)).Count == 0);
    }

    [Fact]
    public async Task What_is_left_of_a_removed_clone_is_a_leftover_though_a_call_is_owed()
    {
        ArchiveForReal();
        _receiver.Answers(StatusCodes.Status500InternalServerError);
        var job = await RemovedAsync();
        var directory = new JobDirectory(Store, NewReader(Store));

        await Eventually.Until("the job's clone is known to be gone", async () => await directory.PresenceAsync(job, CancellationToken.None) is JobPresence.Gone);

        Assert.False((await StateAsync(job)).Job.IsOver);
    }

    private async Task<JobId> ServingAsync(Faltering vault)
    {
        Callbacks = Stores.NewCallbacks(vault, Clock);
        Jobs = NewRegion(Sys);
        var job = await JobInAsync(Stage.Serving, Called);
        await Eventually.Until("the vault was asked in vain", () => vault.Asked == 1);
        return job;
    }

    private async Task<JobId> RemovedAsync()
    {
        var job = await JobInAsync(Stage.Serving, Called);
        Jobs.Tell(new CancelJob(job));
        Report(Ordered());
        await Eventually.Until($"{job} is removed", async () => (await StateAsync(job)).Job.Stage is Stage.Removed);
        return job;
    }

    private Task<JobSecrets?> SecretsAsync(JobId job) => Vault.OpenAsync(job, CancellationToken.None);

    private Task FailedAsync(JobId job, int attempt) =>
        Eventually.Until($"attempt {attempt} has failed", async () => (await StateAsync(job)).Job.NoticeAttempt == attempt, Patience);

    /// <param name="notices">What the journal says was delivered, and in which attempt.</param>
    private Task ToldAsync(JobId job, string notices) => Eventually.Until(
        $"the owner of {job} was told: {notices}",
        async () => string.Join(", ", (await JournalAsync(job)).Select(r => r.Event).OfType<NoticeDelivered>().Select(n => $"{n.Notice} {n.Attempt}")) == notices,
        Patience);

    /// <summary>Does not answer the first time.</summary>
    private sealed class Faltering(IJobVault vault, Exception fault) : IJobVault
    {
        private int _asked;

        public int Asked => Volatile.Read(ref _asked);

        public Task<JobSecrets?> OpenAsync(JobId job, CancellationToken cancellation) => Interlocked.Increment(ref _asked) == 1
            ? Task.FromException<JobSecrets?>(fault)
            : vault.OpenAsync(job, cancellation);
    }
}
