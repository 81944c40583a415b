using System.Diagnostics;
using Akka.Actor;
using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.Archive;
using CloneHub.Jobs.FollowJob;
using CloneHub.Jobs.GetJobStatus;
using CloneHub.Jobs.Journal;
using CloneHub.Jobs.ListJobs;
using CloneHub.Jobs.Queue;
using CloneHub.Jobs.Vault;
using CloneHub.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace CloneHub.Jobs.Tests.Engine;

/// <summary>Accepting and reading as the API sees them: real jobs, real stores, real queue.</summary>
[Trait("Needs", "servers")]
public sealed class JobIntakeTests(Stores stores) : JobKit(stores, stores.NewCorner())
{
    private static readonly CloneRequest Request = new("acme", Given.Source, "admin", new Secret("source-password"), "shop", Given.Ttl, "key-1");

    private readonly ArchiveLag _lag = new(TimeProvider.System);
    private readonly NewJobs _newJobs = new();
    private readonly QueueLoad _load = new();
    private readonly QueueOptions _limits = new();

    [Fact]
    public async Task A_request_is_durable_sealed_and_indexed_when_it_is_answered()
    {
        var accepted = await NewIntake().AcceptAsync(Request, CancellationToken.None);

        var job = accepted.Job.Job;
        Assert.Equal((Acceptance.Created, JobStatus.Pending, 1L), (accepted.Acceptance, accepted.Job.Status, accepted.Job.Version));
        var requested = Assert.IsType<CloneRequested>(Assert.Single(await JournalAsync(job)).Event);
        Assert.Equal((Given.Source, "acme", "shop", Given.Ttl), (requested.SourceUrl, requested.Tenant, requested.CustomerId, requested.Ttl));
        Assert.True(await Store.IsLiveAsync(job));
        Assert.True(await IsDueAsync(job, Given.T0 + CloneJob.BuildLimit));
        Assert.Equal("source-password", (await Vault.OpenAsync(job, CancellationToken.None))!.SourcePassword.Reveal());
        Assert.Equal(job, Queue.ExpectMsg<WantSlot>(Patience).Job);
    }

    [Fact]
    public async Task The_trace_of_a_request_is_kept_with_the_job()
    {
        using var request = new Activity("POST").SetIdFormat(ActivityIdFormat.W3C).Start();

        var accepted = await NewIntake().AcceptAsync(Request, CancellationToken.None);

        Assert.Equal(request.Id, Assert.IsType<CloneRequested>((await JournalAsync(accepted.Job.Job))[0].Event).TraceParent);
    }

    [Fact]
    public async Task The_same_request_again_is_the_same_job()
    {
        var first = await NewIntake().AcceptAsync(Request, CancellationToken.None);
        var again = await NewIntake().AcceptAsync(Request, CancellationToken.None);

        Assert.Equal((Acceptance.Existing, first.Job.Job), (again.Acceptance, again.Job.Job));
        Assert.Single(await JournalAsync(first.Job.Job));
    }

    [Fact]
    public async Task Another_request_under_the_same_key_is_a_conflict()
    {
        var first = await NewIntake().AcceptAsync(Request, CancellationToken.None);

        foreach (var other in (CloneRequest[])[Request with { Password = new Secret("other") }, Request with { Ttl = Given.Ttl * 2 }, Request with { CustomerId = null }, Request with { CallbackUrl = new Secret("https://acme.example/") }])
        {
            var answer = await NewIntake().AcceptAsync(other, CancellationToken.None);
            Assert.Equal((Acceptance.Conflict, first.Job.Job), (answer.Acceptance, answer.Job.Job));
        }
    }

    [Fact]
    public async Task What_is_asked_beside_the_copy_reaches_the_job_and_its_order()
    {
        var accepted = await NewIntake().AcceptAsync(Request with { Username = "", Password = new Secret(""), Replaces = true }, CancellationToken.None);

        var job = accepted.Job.Job;
        var requested = Assert.IsType<CloneRequested>(Assert.Single(await JournalAsync(job)).Event);
        Assert.Equal((CloneFidelity.Public, true), (requested.Fidelity, requested.Replaces));
        var secrets = (await Vault.OpenAsync(job, CancellationToken.None))!;
        Assert.Equal(("", ""), (secrets.SourceUsername, secrets.SourcePassword.Reveal()));
        Jobs.Tell(new SlotGranted(job));
        Assert.Equal(CloneFidelity.Public, Ordered().Order.Fidelity);
    }

    [Fact]
    public async Task Whether_earlier_clones_go_is_part_of_the_request()
    {
        await NewIntake().AcceptAsync(Request, CancellationToken.None);

        Assert.Equal(Acceptance.Conflict, (await NewIntake().AcceptAsync(Request with { Replaces = true }, CancellationToken.None)).Acceptance);
    }

    /// <summary>A repeat may come days after an update of the program.</summary>
    [Fact]
    public void A_request_without_later_options_keeps_the_fingerprint_it_had() => Assert.Equal(
        "a8eac8678932ee62ede704edb14b8289a9536ab8fa4b31faad9a3528e7297bbf",
        new RequestFingerprint(MasterKeys.LoadOrCreate(Stores.NewKeyFile(1))).Of(Request));

    [Fact]
    public async Task The_address_to_call_is_sealed_and_only_that_there_is_one_is_told()
    {
        var request = Request with { CallbackUrl = new Secret("https://acme.example/hook?token=t1") };

        var first = await NewIntake().AcceptAsync(request, CancellationToken.None);
        var again = await NewIntake().AcceptAsync(request, CancellationToken.None);
        var other = await NewIntake().AcceptAsync(request with { CallbackUrl = new Secret("https://acme.example/hook?token=t2") }, CancellationToken.None);

        Assert.Equal((Acceptance.Existing, Acceptance.Conflict), (again.Acceptance, other.Acceptance));
        Assert.True(Assert.IsType<CloneRequested>(Assert.Single(await JournalAsync(first.Job.Job)).Event).Notifies);
        Assert.Equal(request.CallbackUrl, (await Vault.OpenAsync(first.Job.Job, CancellationToken.None))!.CallbackUrl);
    }

    [Fact]
    public async Task The_same_key_of_another_tenant_is_another_job()
    {
        var ours = await NewIntake().AcceptAsync(Request, CancellationToken.None);
        var theirs = await NewIntake().AcceptAsync(Request with { Tenant = "other" }, CancellationToken.None);

        Assert.Equal(Acceptance.Created, theirs.Acceptance);
        Assert.NotEqual(ours.Job.Job, theirs.Job.Job);
    }

    [Fact]
    public async Task Without_a_key_every_request_is_a_job()
    {
        var keyless = Request with { IdempotencyKey = null };

        var jobs = new[] { await NewIntake().AcceptAsync(keyless, CancellationToken.None), await NewIntake().AcceptAsync(keyless, CancellationToken.None) };

        Assert.All(jobs, j => Assert.Equal(Acceptance.Created, j.Acceptance));
        Assert.NotEqual(jobs[0].Job.Job, jobs[1].Job.Job);
    }

    [Fact]
    public async Task A_rotation_of_the_master_key_does_not_forget_what_was_asked_before()
    {
        var before = await NewIntake(keyVersions: [1]).AcceptAsync(Request, CancellationToken.None);

        var rotated = NewIntake(keyVersions: [2, 1]);
        var again = await rotated.AcceptAsync(Request, CancellationToken.None);
        var conflict = await rotated.AcceptAsync(Request with { Password = new Secret("other") }, CancellationToken.None);

        Assert.Equal((Acceptance.Existing, before.Job.Job), (again.Acceptance, again.Job.Job));
        Assert.Equal((Acceptance.Conflict, before.Job.Job), (conflict.Acceptance, conflict.Job.Job));
    }

    [Fact]
    public async Task Many_at_once_under_one_key_make_one_job()
    {
        var intake = NewIntake();

        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => intake.AcceptAsync(Request, CancellationToken.None)));

        Assert.Single(answers, a => a.Acceptance is Acceptance.Created);
        Assert.Single(answers.Select(a => a.Job.Job).Distinct());
    }

    [Fact]
    public async Task Without_Redis_nothing_is_accepted()
    {
        using var line = new Relay(Stores.RedisPort);
        await using var redis = await Stores.ConnectRedisAsync(line);
        line.Cut();
        await Eventually.Until("the connection is gone", () => !redis.IsConnected);

        var refused = await Assert.ThrowsAsync<UnavailableException>(() => NewIntake(new JobStore(redis, Corner)).AcceptAsync(Request, CancellationToken.None));

        Assert.Equal(UnavailableException.Store, refused.Code);
    }

    [Fact]
    public async Task While_the_event_log_is_too_far_behind_nothing_is_accepted()
    {
        _lag.SetEvents(100_001);
        var refused = await Assert.ThrowsAsync<UnavailableException>(() => NewIntake().AcceptAsync(Request, CancellationToken.None));
        Assert.Equal(UnavailableException.Archive, refused.Code);
        _lag.SetEvents(0);
        _lag.SetStored(0, 0.81);
        await Assert.ThrowsAsync<UnavailableException>(() => NewIntake().AcceptAsync(Request, CancellationToken.None));

        _lag.SetStored(0, 0.8);
        Assert.Equal(Acceptance.Created, (await NewIntake().AcceptAsync(Request, CancellationToken.None)).Acceptance);
    }

    [Fact]
    public async Task A_tenant_with_too_many_open_jobs_gets_no_more_and_others_do()
    {
        _limits.MaxOpenPerTenant = 2;
        var first = await NewIntake().AcceptAsync(Request, CancellationToken.None);
        await NewIntake().AcceptAsync(Request with { IdempotencyKey = null }, CancellationToken.None);
        var known = await LiveAsync();

        await Assert.ThrowsAsync<TooManyJobsException>(() => NewIntake().AcceptAsync(Request with { IdempotencyKey = null }, CancellationToken.None));
        await Assert.ThrowsAsync<TooManyJobsException>(() => NewIntake().AcceptAsync(Request with { IdempotencyKey = "key-2" }, CancellationToken.None));
        Assert.Equal(known, await LiveAsync());

        var again = await NewIntake().AcceptAsync(Request, CancellationToken.None);
        Assert.Equal((Acceptance.Existing, first.Job.Job), (again.Acceptance, again.Job.Job));
        Assert.Equal(Acceptance.Created, (await NewIntake().AcceptAsync(Request with { Tenant = "other" }, CancellationToken.None)).Acceptance);
    }

    [Fact]
    public async Task While_too_many_jobs_wait_nothing_is_accepted()
    {
        _limits.MaxWaiting = 1;
        var first = await NewIntake().AcceptAsync(Request, CancellationToken.None);
        var known = await LiveAsync();

        var refused = await Assert.ThrowsAsync<UnavailableException>(() => NewIntake().AcceptAsync(Request with { Tenant = "other" }, CancellationToken.None));
        Assert.Equal(UnavailableException.Queue, refused.Code);
        Assert.Equal(known, await LiveAsync());
        Assert.Equal(first.Job.Job, (await NewIntake().AcceptAsync(Request, CancellationToken.None)).Job.Job);

        _load.Heard(first.Job.Job, "acme", 1);
        _load.Set(QueueState.Unknown with { Waiting = 0 });
        Assert.Equal(Acceptance.Created, (await NewIntake().AcceptAsync(Request with { IdempotencyKey = null }, CancellationToken.None)).Acceptance);
    }

    [Fact]
    public async Task That_a_job_may_take_its_time_is_kept_with_it_and_told_to_the_queue()
    {
        var accepted = await NewIntake().AcceptAsync(Request with { Priority = JobPriority.Bulk }, CancellationToken.None);

        Assert.Equal(JobPriority.Bulk, Assert.IsType<CloneRequested>((await JournalAsync(accepted.Job.Job))[0].Event).Priority);
        Assert.Equal(new WantSlot(accepted.Job.Job, Given.T0, "acme", JobPriority.Bulk), Queue.ExpectMsg<WantSlot>(Patience));
        Assert.Equal(Acceptance.Conflict, (await NewIntake().AcceptAsync(Request, CancellationToken.None)).Acceptance);
    }

    private async Task<IReadOnlyList<JobId>> LiveAsync() => (await Store.LiveAsync(LivePosition.Start, 100)).Jobs;

    private JobIntake NewIntake(params int[] keyVersions) => NewIntake(Store, keyVersions);

    private JobIntake NewIntake(JobStore store, params int[] keyVersions)
    {
        var keys = MasterKeys.LoadOrCreate(Stores.NewKeyFile(keyVersions is [] ? [1] : keyVersions));
        var reader = new JobReader(Stores.Documents, store, new Actor<JobsRegion>(Jobs), new Actor<SlotQueue>(Queue), Forecast, new ToldProgress(), new JobHistory(store, Format, Stores.Log, NullLogger<JobHistory>.Instance), TimeProvider.System, NullLogger<JobReader>.Instance);
        return new JobIntake(
            store, new JobVault(store, new SecretSealer(keys)), new IdempotentJobId(keys), new RequestFingerprint(keys), Format, reader, _lag, _newJobs, _load,
            Options.Create(_limits), new Actor<JobsRegion>(Jobs), Clock);
    }
}
