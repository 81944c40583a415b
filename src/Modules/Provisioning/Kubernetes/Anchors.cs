using CloneHub.Contracts;
using CloneHub.Provisioning.Database;
using CloneHub.Provisioning.Kubernetes.Manifests;
using CloneHub.Provisioning.Kubernetes.Watching;
using Microsoft.Extensions.Options;

namespace CloneHub.Provisioning.Kubernetes;

/// <summary>
/// Who may work on a clone. The row in the clones' MariaDB knows every attempt and remembers clones that are gone; the anchor repeats its
/// fence inside the cluster, where it is changed only by who has seen its newest version.
/// </summary>
internal sealed class Anchors(
    ClusterApi api, ClusterView view, CloneFence fence, IOptions<KubernetesOptions> options, TimeProvider clock, IJobDirectory? jobs = null)
{
    private const int Tries = 10;
    private static readonly TimeSpan GoingPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    /// <summary>The attempt takes the clone; its anchor exists and says what else should.</summary>
    public async Task<Anchor> ClaimAsync(StepToken token, string tenant, AnchorStage stage, CancellationToken cancellation)
    {
        await fence.ClaimAsync(token, cancellation);
        var seen = view.AnchorOf(token.Job);
        for (var attempt = 1; attempt <= Tries; attempt++)
        {
            if (seen?.Fence > token.Fence) throw new OvertakenException(token);
            if (seen is { IsGoing: true })
            {
                await UntilGoneAsync(token, cancellation);
                seen = null;
            }

            if (seen is not null && seen.Fence == token.Fence && seen.Stage == stage) return seen;
            var held = seen is not null
                ? await api.PatchAnchorAsync(token.Job, AnchorManifest.Claim(seen, token.Fence, stage), cancellation)
                : await CreateAsync(token, tenant, stage, cancellation);
            if (held is not null) return held;
            seen = await api.ReadAnchorAsync(token.Job, cancellation);
        }

        throw new IOException($"{token.Job}: its anchor changed {Tries} times while it was to be claimed.");
    }

    /// <summary>The attempt, a removal, takes whatever is left of the clone.</summary>
    /// <returns>The anchor as it is now; null if there is none.</returns>
    public async Task<Anchor?> ClaimForRemovalAsync(StepToken token, CancellationToken cancellation)
    {
        await fence.ClaimAsync(token, cancellation);
        for (var attempt = 1; attempt <= Tries; attempt++)
        {
            // Not from the view: what it has not heard of yet would be left behind.
            if (await api.ReadAnchorAsync(token.Job, cancellation) is not { } seen) return null;
            if (seen.Fence > token.Fence) throw new OvertakenException(token);
            if (seen.IsGoing || seen.Fence == token.Fence) return seen;
            if (await api.PatchAnchorAsync(token.Job, AnchorManifest.Claim(seen, token.Fence, AnchorStage.Database), cancellation) is { } held) return held;
        }

        throw new IOException($"{token.Job}: its anchor changed {Tries} times while it was to be claimed.");
    }

    /// <summary>Notes which pod holds the content. The attempt holds the clone.</summary>
    public async Task NoteContentAsync(StepToken token, string tenant, string podUid, CancellationToken cancellation)
    {
        for (var attempt = 1; attempt <= Tries; attempt++)
        {
            // The view may lag behind a change of our own; then the server says so and is asked.
            var held = attempt == 1 ? await ClaimAsync(token, tenant, AnchorStage.Pod, cancellation) : await api.ReadAnchorAsync(token.Job, cancellation);
            if (held is null || held.Fence != token.Fence) throw new OvertakenException(token);
            if (held.Content == podUid || await api.PatchAnchorAsync(token.Job, AnchorManifest.Content(held, podUid), cancellation) is not null) return;
        }

        throw new IOException($"{token.Job}: its anchor changed {Tries} times while its content was to be noted.");
    }

    public Task EnsureHeldAsync(StepToken token, CancellationToken cancellation) => fence.EnsureHeldAsync(token, cancellation);

    public Task BuryAsync(StepToken token, CancellationToken cancellation) => fence.BuryAsync(token, cancellation);

    /// <summary>When a job's clone must be gone; null if nobody knows.</summary>
    public async Task<DateTimeOffset?> ExpiryOfAsync(JobId job, CancellationToken cancellation) =>
        jobs is null ? null : await jobs.DeadlineAsync(job, cancellation);

    private async Task<Anchor?> CreateAsync(StepToken token, string tenant, AnchorStage stage, CancellationToken cancellation)
    {
        var expires = await ExpiryOfAsync(token.Job, cancellation);
        var made = await api.CreateAnchorAsync(AnchorManifest.Of(token.Job, tenant, options.Value.Namespace, token.Fence, stage, expires), cancellation);
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
    private async Task UntilGoneAsync(StepToken token, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(GoingPatience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            while (await api.ReadAnchorAsync(token.Job, either.Token) is not null)
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
