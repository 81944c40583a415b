using CloneHub.Contracts;
using CloneHub.Provisioning.Database;
using CloneHub.Provisioning.Kubernetes.Manifests;
using CloneHub.Provisioning.Kubernetes.Watching;
using CloneHub.Provisioning.Pool;
using Microsoft.Extensions.Options;

namespace CloneHub.Provisioning.Kubernetes;

/// <summary>
/// Who may work on a clone. The row in the clones' MariaDB knows every attempt and remembers clones that are gone; the anchor repeats its
/// fence inside the cluster, where it is changed only by who has seen its newest version.
/// </summary>
internal sealed class Anchors(
    ClusterApi api, ClusterView view, CloneFence fence, CloneInstances instances, IOptions<KubernetesOptions> options, TimeProvider clock, IJobDirectory? jobs = null)
{
    private const int Tries = 10;
    private static readonly TimeSpan GoingPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan ConflictPause = TimeSpan.FromMilliseconds(50);

    /// <summary>The attempt takes the clone; its anchor exists and says what else should.</summary>
    /// <param name="recipe">Of the instance to claim from the pool, for the attempt that begins a clone.</param>
    public async Task<Anchor> ClaimAsync(StepToken token, string tenant, AnchorStage stage, CancellationToken cancellation, InstanceRecipe? recipe = null)
    {
        var instance = await InstanceAsync(token, recipe, cancellation);
        var claim = instance == token.Job ? null : new PoolClaim(token.Job);
        try
        {
            return await HoldAsync(token, instance, tenant, stage, claim, cancellation);
        }
        catch (ForeignAnchorException foreign)
        {
            // What only begins may as well begin cold; later the content is where this job must not go.
            if (recipe is null) throw new StepFaultException(ClusterFaults.InstanceLost, foreign);
            await instances.GiveBackAsync(instance, foreign.Owner, cancellation);
            return await HoldAsync(token, token.Job, tenant, stage, claim: null, cancellation);
        }
    }

    /// <summary>The anchor of an instance that is made for the pool.</summary>
    public async Task<Anchor> ClaimForPoolAsync(StepToken token, CancellationToken cancellation)
    {
        var instance = await instances.ClaimAsync(token, cancellation);
        return await HoldAsync(token, instance, tenant: "", AnchorStage.Pod, new PoolClaim(By: null), cancellation);
    }

    /// <summary>
    /// The same, without a word to the cluster: for an attempt that may find everything as it should be. Its fence is in the row, and comes to the anchor with the next change.
    /// </summary>
    /// <returns>Null if there is no anchor of the job's, as far as is known.</returns>
    public async Task<Anchor?> LookAsync(StepToken token, CancellationToken cancellation)
    {
        var seen = view.AnchorOf(await instances.ClaimAsync(token, cancellation));
        if (seen is null || seen.IsGoing || !IsOf(seen, token)) return null;
        return seen.Fence > token.Fence ? throw new OvertakenException(token) : seen;
    }

    /// <summary>The attempt, a removal, takes what is left of the clone: its anchor goes, and all that hangs on it with it.</summary>
    /// <returns>The instance.</returns>
    public async Task<JobId> RemoveAsync(StepToken token, CancellationToken cancellation)
    {
        var instance = await instances.ClaimAsync(token, cancellation);
        var seen = view.AnchorOf(instance);
        for (var attempt = 1; attempt <= Tries; attempt++)
        {
            // Not from the view alone: what it has not heard of yet would be left behind.
            seen ??= await api.ReadAnchorAsync(instance, cancellation);
            if (seen is null) return instance;
            if (IsForeign(seen, token))
            {
                await instances.GiveBackAsync(instance, seen.Owner!.Value, cancellation);
                return instance == token.Job ? throw new OvertakenException(token) : token.Job;
            }

            if (IsOf(seen, token) && seen.Fence > token.Fence) throw new OvertakenException(token);
            if (seen.IsGoing || await api.TryDeleteAnchorAsync(seen, cancellation)) return instance;
            seen = null;
            await PauseAsync(attempt, cancellation);
        }

        throw new StepFaultException(ClusterFaults.Contended);
    }

    /// <summary>Notes which pod holds the content. The attempt holds the clone.</summary>
    public async Task NoteContentAsync(StepToken token, JobId instance, string podUid, CancellationToken cancellation)
    {
        var seen = view.AnchorOf(instance);
        for (var attempt = 1; attempt <= Tries; attempt++)
        {
            // The view may lag behind a change of our own; then the server says so and is asked.
            seen ??= await api.ReadAnchorAsync(instance, cancellation);
            if (seen is null || seen.IsGoing || !IsOf(seen, token) || seen.Fence > token.Fence) throw new OvertakenException(token);
            if (seen.Fence == token.Fence && seen.Content == podUid) return;
            if (await PatchAsync(seen, AnchorManifest.Content(seen, token.Fence, podUid), cancellation) is not null) return;
            seen = null;
            await PauseAsync(attempt, cancellation);
        }

        throw new StepFaultException(ClusterFaults.Contended);
    }

    public Task EnsureHeldAsync(StepToken token, CancellationToken cancellation) => fence.EnsureHeldAsync(token, cancellation);

    public async Task BuryAsync(StepToken token, CancellationToken cancellation)
    {
        await fence.BuryAsync(token, cancellation);
        await instances.ForgetAsync(token.Job, cancellation);
    }

    /// <summary>When a job's clone must be gone; null if nobody knows.</summary>
    public async Task<DateTimeOffset?> ExpiryOfAsync(JobId job, CancellationToken cancellation) =>
        jobs is null ? null : await jobs.DeadlineAsync(job, cancellation);

    /// <summary>Between two tries: none at first, since most conflicts are with one other; then longer and longer, so that a storm passes.</summary>
    private Task PauseAsync(int attempt, CancellationToken cancellation) => Task.Delay((attempt - 1) * ConflictPause, clock, cancellation);

    private async Task<JobId> InstanceAsync(StepToken token, InstanceRecipe? recipe, CancellationToken cancellation)
    {
        if (recipe is null) return await instances.ClaimAsync(token, cancellation);
        var (instance, isWarm) = await instances.ClaimAsync(token, recipe.Value, cancellation);
        if (isWarm is { } warm) ProvisioningTelemetry.CountClaim(warm);
        return instance;
    }

    private async Task<Anchor> HoldAsync(StepToken token, JobId instance, string tenant, AnchorStage stage, PoolClaim? claim, CancellationToken cancellation)
    {
        var seen = view.AnchorOf(instance);
        for (var attempt = 1; attempt <= Tries; attempt++)
        {
            if (seen is not null && IsOf(seen, token) && seen.Fence > token.Fence) throw new OvertakenException(token);
            if (seen is { IsGoing: true })
            {
                await UntilGoneAsync(token, instance, cancellation);
                seen = null;
            }

            if (seen is not null && IsForeign(seen, token)) throw new ForeignAnchorException(seen.Owner!.Value);
            if (seen is not null && IsOf(seen, token) && seen.Fence == token.Fence && seen.Stage >= stage) return seen;
            var held = seen switch
            {
                null => await CreateAsync(token, instance, tenant, stage, claim, cancellation),
                _ when IsOf(seen, token) => await PatchAsync(seen, AnchorManifest.Claim(seen, token.Fence, stage), cancellation),
                _ => await TakeAsync(seen, token, tenant, stage, cancellation),
            };
            if (held is not null) return held;
            await PauseAsync(attempt, cancellation);
            seen = await api.ReadAnchorAsync(instance, cancellation);
        }

        throw new StepFaultException(ClusterFaults.Contended);
    }

    /// <summary>Whether its fence is one of this job; one of the pool counts from anew for the job that claims it.</summary>
    private static bool IsOf(Anchor anchor, StepToken token) => anchor.Job == token.Job || anchor.Owner == token.Job;

    /// <summary>
    /// The rows say that the instance is this job's, or nobody's, and its anchor that it is another one's: the database was set back to before that one
    /// claimed it. The anchor was there all the time, so it is right.
    /// </summary>
    private static bool IsForeign(Anchor anchor, StepToken token) => anchor.Owner is { } owner && owner != token.Job;

    private async Task<Anchor?> TakeAsync(Anchor seen, StepToken token, string tenant, AnchorStage stage, CancellationToken cancellation) => await PatchAsync(
        seen, AnchorManifest.Take(seen, token.Job, tenant, token.Fence, stage, await ExpiryOfAsync(token.Job, cancellation)), cancellation);

    /// <summary>What has just been changed is known at once: the next step would otherwise change it from a version that is no more.</summary>
    private async Task<Anchor?> PatchAsync(Anchor seen, object patch, CancellationToken cancellation)
    {
        if (await api.PatchAnchorAsync(seen.Job, patch, cancellation) is not { } map) return null;
        view.Learn(map);
        return AnchorManifest.Read(map);
    }

    private async Task<Anchor?> CreateAsync(
        StepToken token, JobId instance, string tenant, AnchorStage stage, PoolClaim? claim, CancellationToken cancellation)
    {
        var expires = claim is { By: null } ? null : await ExpiryOfAsync(token.Job, cancellation);
        var made = await api.CreateAnchorAsync(AnchorManifest.Of(instance, tenant, options.Value.Namespace, token.Fence, stage, expires, claim), cancellation);
        if (made is null) return null;
        try
        {
            // A removal may have come and gone since the claim, and seen no anchor.
            await fence.EnsureHeldAsync(token, cancellation);
            return made;
        }
        catch (OvertakenException)
        {
            // A newer attempt that builds goes on with this anchor; after a removal nobody would.
            if (await fence.IsRemovedAsync(token.Job, cancellation)) await api.DeleteAnchorAsync(made, cancellation);
            throw;
        }
    }

    /// <summary>Somebody deleted the anchor of a clone that is still wanted. What hung on it goes first; then there is room for a new one.</summary>
    private async Task UntilGoneAsync(StepToken token, JobId instance, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(GoingPatience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            while (await api.ReadAnchorAsync(instance, either.Token) is not null)
            {
                // If it was a removal of ours, it has taken the clone from this attempt.
                await fence.EnsureHeldAsync(token, either.Token);
                await Task.Delay(Pause, clock, either.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"{token.Job}: its anchor was deleted and is still there after {GoingPatience.TotalSeconds:0} s.");
        }
    }
}

/// <summary>The instance that a job was given serves another one.</summary>
internal sealed class ForeignAnchorException(JobId owner) : Exception($"The instance is {owner}'s.")
{
    public JobId Owner { get; } = owner;
}
