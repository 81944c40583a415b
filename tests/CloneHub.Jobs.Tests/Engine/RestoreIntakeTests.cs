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

/// <summary>Who may restore a site, and what the site's state is measured against: decided in Redis, for all nodes.</summary>
[Trait("Needs", "servers")]
public sealed class RestoreIntakeTests(Stores stores) : JobKit(stores, stores.NewCorner())
{
    private static readonly string Site = JobLabel.TargetOf(GivenRestore.Target);

    private static readonly RestoreRequest Request = new(
        "acme", GivenRestore.Clone, "admin", new Secret("clone-password"), null, GivenRestore.Target, "owner", new Secret("target-password"), true, false, OnDrift.Overwrite, [], false, "shop", null)
    { Source = ["x"] };

    private static readonly ContentProof Proof = new(
        new SiteVersions("6.9", "8.2.7", "8.0.39"), [new TableProof("wp_posts", 3, 23, 22, 1, "of the source", "of the clone")], new FilesProof(2, 30, 1, "cc", "dd"), IsSnapshot: true);

    [Theory]
    [InlineData("https://shop.example/", "shop.example")]
    [InlineData("http://WWW.Shop.example", "shop.example")]
    [InlineData("https://shop.example:8443/blog/", "shop.example:8443/blog")]
    [InlineData("http://m\u00fcller.example/", "xn--mller-kva.example")]
    public void A_site_has_one_name(string address, string name) => Assert.Equal(name, JobLabel.TargetOf(new Uri(address)));

    [Fact]
    public async Task A_site_is_one_restores_until_it_lets_go()
    {
        var first = (await NewIntake().AcceptAsync(Request, CancellationToken.None)).Job.Job;

        var second = await NewIntake().AcceptAsync(Request with { Tenant = "other" }, CancellationToken.None);
        Assert.Equal((Acceptance.TargetTaken, first), (second.Acceptance, second.Job.Job));
        Assert.Single((await Store.LiveAsync(LivePosition.Start, 10)).Jobs);

        Jobs.Tell(new CancelJob(first), ActorRefs.NoSender);
        await Eventually.Until("the site is free", async () => await Store.HolderOfTargetAsync(Site) is null);
        Assert.Equal(Acceptance.Created, (await NewIntake().AcceptAsync(Request, CancellationToken.None)).Acceptance);
    }

    [Fact]
    public async Task What_a_job_noted_when_it_let_go_may_be_lost()
    {
        var gone = await AcceptedAsync(GivenRestore.Request);
        Jobs.Tell(new CancelJob(gone), ActorRefs.NoSender);
        await Eventually.Until("it is over", async () => (await StateAsync(gone)).Job.IsTerminal);
        await Store.TakeTargetAsync(Site, gone);

        Assert.Equal(Acceptance.Created, (await NewIntake().AcceptAsync(Request, CancellationToken.None)).Acceptance);
    }

    [Fact]
    public async Task After_Redis_was_lost_a_restore_takes_its_site_again()
    {
        var job = (await NewIntake().AcceptAsync(Request, CancellationToken.None)).Job.Job;
        Wake(job);
        await StateAsync(job);
        await Store.ReleaseTargetAsync(Site, job);

        await CrashAsync(job, Kill.Instance);
        Wake(job);

        await Eventually.Until("the site is its own", async () => await Store.HolderOfTargetAsync(Site) == job);
    }

    [Fact]
    public async Task Both_log_ins_are_sealed()
    {
        var job = (await NewIntake().AcceptAsync(Request, CancellationToken.None)).Job.Job;

        var secrets = (await Vault.OpenAsync(job, CancellationToken.None))!;

        Assert.Equal(("admin", "clone-password", "owner", "target-password"), (secrets.SourceUsername, secrets.SourcePassword.Reveal(), secrets.TargetUsername, secrets.TargetPassword!.Reveal()));
    }

    [Fact]
    public async Task A_clone_is_measured_against_its_source_as_it_was_copied_and_later_as_it_was_left()
    {
        var clone = await CloneAsync();

        var (first, _) = await NewSources().FindAsync(OfJob(clone), CancellationToken.None);
        Assert.Equal(new TableMark("wp_posts", 3, "of the source"), Assert.Single(first!.Base!));
        Assert.Equal(("http://clone.localhost:5080/", "clonehub"), (first.CloneUrl!.AbsoluteUri, first.CloneUsername));
        Assert.Equal((await Vault.OpenAsync(clone, CancellationToken.None))!.ClonePassword, first.ClonePassword);

        var restore = await RestoredAsync(clone);
        await Eventually.Until("the restore is remembered", async () => await Store.RestoredAsync(clone.Value, Site) == restore);
        var (second, _) = await NewSources().FindAsync(OfJob(clone), CancellationToken.None);
        Assert.Equal(GivenRestore.Mark, Assert.Single(second!.Base!));

        Jobs.Tell(new RollBackJob(restore), ActorRefs.NoSender);
        Report(Ordered());
        await Eventually.Until("the restore is forgotten", async () => await Store.RestoredAsync(clone.Value, Site) is null);
        Assert.Equal("of the source", (await NewSources().FindAsync(OfJob(clone), CancellationToken.None)).Request!.Base![0].Sum);
    }

    [Fact]
    public async Task Of_another_site_nothing_is_known()
    {
        var clone = await CloneAsync();
        var elsewhere = OfJob(clone) with { TargetUrl = new Uri("https://elsewhere.example/") };

        Assert.NotNull((await NewSources().FindAsync(elsewhere, CancellationToken.None)).Problem);
        var (overwriting, _) = await NewSources().FindAsync(elsewhere with { OnDrift = OnDrift.Overwrite }, CancellationToken.None);
        Assert.Null(overwriting!.Base);
    }

    [Fact]
    public async Task What_is_undone_holds_its_site_again()
    {
        var restore = await RestoredAsync(await CloneAsync());
        await Eventually.Until("the site is free", async () => await Store.HolderOfTargetAsync(Site) is null);

        var undo = await new RestoreUndo(Store, NewReader(Store)).RollBackAsync(restore, CancellationToken.None);

        Assert.Equal(UndoResult.RollingBack, undo.Result);
        Assert.Equal(restore, await Store.HolderOfTargetAsync(Site));
        Assert.Equal(Acceptance.TargetTaken, (await NewIntake().AcceptAsync(Request, CancellationToken.None)).Acceptance);
        Assert.Equal(UndoResult.RollingBack, (await new RestoreUndo(Store, NewReader(Store)).RollBackAsync(restore, CancellationToken.None)).Result);
    }

    [Fact]
    public async Task While_another_one_is_at_work_nothing_is_undone()
    {
        var restore = await RestoredAsync(await CloneAsync());
        await Eventually.Until("the site is free", async () => await Store.HolderOfTargetAsync(Site) is null);
        await NewIntake().AcceptAsync(Request, CancellationToken.None);

        var undo = await new RestoreUndo(Store, NewReader(Store)).RollBackAsync(restore, CancellationToken.None);

        Assert.Equal(UndoResult.TargetTaken, undo.Result);
        Assert.Equal(RestoreStage.Undoable, ((RestoreJob)(await StateAsync(restore)).Job).Stage);
    }

    private static RestoreRequest OfJob(JobId clone) =>
        Request with { CloneUrl = null, CloneUsername = null, ClonePassword = null, SourceJob = clone, OnDrift = OnDrift.Refuse, Source = [clone.Value] };

    private Task<JobId> CloneAsync()
    {
        Facts = Given.Facts with { Proof = Proof };
        return JobInAsync(Stage.Serving);
    }

    private async Task<JobId> RestoredAsync(JobId clone)
    {
        Facts = GivenRestore.Facts;
        var job = await AcceptedAsync(GivenRestore.Request with { SourceJob = clone.Value });
        Wake(job);
        Queue.FishForMessage(m => m is WantSlot w && w.Job == job, Patience);
        Jobs.Tell(new SlotGranted(job), ActorRefs.NoSender);
        while ((await StateAsync(job)).Job is RestoreJob { Stage: < RestoreStage.Undoable }) Report(Ordered());
        return job;
    }

    private RestoreSources NewSources() => new(Store, NewReader(Store), new JobHistory(Store, Format, Stores.Log, NullLogger<JobHistory>.Instance), Vault);

    private JobIntake NewIntake()
    {
        var keys = MasterKeys.LoadOrCreate(Stores.NewKeyFile(1));
        return new JobIntake(
            Store, Vault, new IdempotentJobId(keys), new RequestFingerprint(keys), Format, NewReader(Store), new ArchiveLag(TimeProvider.System), new NewJobs(), new QueueLoad(),
            Options.Create(new QueueOptions()), new Actor<JobsRegion>(Jobs), Clock);
    }
}
