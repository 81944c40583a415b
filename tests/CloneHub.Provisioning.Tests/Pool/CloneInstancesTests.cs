using System.Security.Cryptography;
using CloneHub.Contracts;
using CloneHub.Provisioning.Database;
using CloneHub.Provisioning.Pool;
using CloneHub.Provisioning.Tests.Local;
using CloneHub.Testing;

namespace CloneHub.Provisioning.Tests.Pool;

[Trait("Needs", "servers")]
public sealed class CloneInstancesTests(ServersFixture servers) : IClassFixture<ServersFixture>, IAsyncLifetime
{
    private readonly InstanceRecipe _recipe = InstanceRecipe.Of(ServersFixture.Unique("place"), "flour");
    private LocalStage _stage = null!;

    private CloneInstances Instances => _stage.Get<CloneInstances>();

    public async Task InitializeAsync() => _stage = await LocalStage.OpenAsync(servers, pool: 1);

    public async Task DisposeAsync() => await _stage.DisposeAsync();

    [Fact]
    public async Task Of_twenty_jobs_that_claim_one_instance_at_once_exactly_one_gets_it()
    {
        var instance = await OfferAsync();
        var claims = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => ClaimAsync(NewJob()))));

        Assert.Equal(instance, Assert.Single(claims, claim => claim.IsWarm == true).Instance);
        Assert.Equal(20, claims.Select(claim => claim.Instance).Distinct().Count());
    }

    [Fact]
    public async Task Eight_jobs_that_claim_eight_instances_at_once_get_one_each()
    {
        var offered = new HashSet<JobId>();
        for (var n = 0; n < 8; n++) offered.Add(await OfferAsync());
        var claims = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => ClaimAsync(NewJob()))));

        Assert.Equal(offered, claims.Select(claim => claim.Instance).ToHashSet());
        Assert.Empty(await Instances.PoolAsync(_recipe.Place, default));
    }

    [Fact]
    public async Task All_attempts_of_a_job_get_the_same_instance_and_no_second_one()
    {
        var job = NewJob();
        for (var n = 0; n < 3; n++) await OfferAsync();
        var claims = await Task.WhenAll(Enumerable.Range(1, 6).Select(fence => Task.Run(() => TryClaimAsync(job, fence))));
        var held = await ClaimAsync(job, fence: 7);

        Assert.All(claims.OfType<JobId>(), instance => Assert.Equal(held.Instance, instance));
        Assert.Null(held.IsWarm);
        Assert.Equal(held.Instance, await Instances.ClaimAsync(new StepToken(job, CloneStep.StartPod, 1, 8), default));
        Assert.InRange((await Instances.PoolAsync(_recipe.Place, default)).Count, 2, 3);
    }

    [Fact]
    public async Task A_job_that_went_without_stays_without()
    {
        var job = NewJob();
        Assert.Equal((job, false), await ClaimAsync(job));
        await OfferAsync();

        Assert.Equal((job, null), await ClaimAsync(job, fence: 2));
    }

    [Fact]
    public async Task A_job_that_had_begun_before_there_were_instances_keeps_its_own_name()
    {
        var job = NewJob();
        await _stage.Get<CloneFence>().ClaimAsync(new StepToken(job, CloneStep.CreateDatabase, 1, 1), default);
        await OfferAsync();

        Assert.Equal((job, false), await ClaimAsync(job, fence: 2));
    }

    [Fact]
    public async Task A_job_whose_removal_came_and_went_since_it_began_takes_nothing()
    {
        var (instance, gone) = (await OfferAsync(), new StepToken(NewJob(), CloneStep.CreateDatabase, 1, 1));
        var fence = _stage.Get<CloneFence>();
        await fence.ClaimAsync(gone, default);
        var removal = gone with { Step = CloneStep.Remove, Fence = 2 };
        await Instances.ClaimAsync(removal, default);

        await using var connection = await _stage.Get<CloneServer>().OpenAsync(default);
        Assert.False(await CloneInstances.TakeAsync(connection, gone, _recipe, default));
        await fence.BuryAsync(removal, default);
        Assert.False(await CloneInstances.TakeAsync(connection, removal, _recipe, default));
        Assert.Equal((instance, true), await ClaimAsync(NewJob()));
    }

    [Fact]
    public async Task An_instance_that_was_another_jobs_all_the_time_is_given_back()
    {
        var (instance, first, second) = (await OfferAsync(), NewJob(), NewJob());
        await ClaimAsync(first);
        await Instances.GiveBackAsync(instance, second, default);
        Assert.Equal((first, false), await ClaimAsync(first, fence: 2));
        Assert.Equal(instance, (await ClaimAsync(second)).Instance);
    }

    [Fact]
    public async Task What_is_not_ready_or_of_another_recipe_is_not_claimed()
    {
        var (unready, other) = (NewJob(), NewJob());
        await Instances.AddAsync(unready, _recipe, default);
        await Instances.AddAsync(other, InstanceRecipe.Of(_recipe.Place, "rye"), default);
        await Instances.OfferAsync(other, default);

        Assert.False((await ClaimAsync(NewJob())).IsWarm);
    }

    [Fact]
    public async Task Who_removes_an_instance_of_the_pool_takes_it_from_every_job_and_who_comes_too_late_is_refused()
    {
        var (going, claimed) = (await OfferAsync(), await OfferAsync());
        await Instances.ClaimAsync(new StepToken(going, CloneStep.Remove, 1, 1), default);
        var job = NewJob();
        Assert.Equal((claimed, true), await ClaimAsync(job));

        await Assert.ThrowsAsync<OvertakenException>(() => Instances.ClaimAsync(new StepToken(claimed, CloneStep.Remove, 1, 1), default));
        Assert.Equal(claimed, await Instances.ClaimAsync(new StepToken(job, CloneStep.Remove, 1, 2), default));
    }

    [Fact]
    public async Task Whose_a_name_is_follows_from_its_row_and_without_one_from_itself()
    {
        var (waiting, job, stranger) = (await OfferAsync(), NewJob(), NewJob());
        await Instances.ClaimAsync(new StepToken(waiting, CloneStep.StartPod, 1, 1), default);
        var pooled = await Instances.OwnerOfAsync(default);
        Assert.Null(pooled(waiting));
        Assert.Equal(stranger, pooled(stranger));

        await ClaimAsync(job);
        Assert.Equal(job, (await Instances.OwnerOfAsync(default))(waiting));
        await Instances.ForgetAsync(job, default);
        Assert.Equal(waiting, (await Instances.OwnerOfAsync(default))(waiting));
        Assert.Equal(0, await _stage.Get<CloneFence>().NewestAsync(waiting, default));
    }

    private static JobId NewJob() => JobId.FromBytes(RandomNumberGenerator.GetBytes(16));

    private async Task<JobId> OfferAsync()
    {
        var instance = NewJob();
        await Instances.AddAsync(instance, _recipe, default);
        Assert.True(await Instances.OfferAsync(instance, default));
        return instance;
    }

    private Task<(JobId Instance, bool? IsWarm)> ClaimAsync(JobId job, long fence = 1) =>
        Instances.ClaimAsync(new StepToken(job, CloneStep.CreateDatabase, 1, fence), _recipe, default);

    private async Task<JobId?> TryClaimAsync(JobId job, long fence)
    {
        try
        {
            return (await ClaimAsync(job, fence)).Instance;
        }
        catch (OvertakenException)
        {
            // A newer one was quicker.
            return null;
        }
    }
}
