using CloneHub.Contracts;
using CloneHub.Provisioning.Pool;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.PublicSite;

namespace CloneHub.Provisioning;

/// <summary>
/// Where clones live. Every method means "make it so": it finds what an earlier attempt left and completes it. Every method first
/// claims its <see cref="StepToken"/> and refuses (<see cref="OvertakenException"/>) when a newer one has been seen for the job.
/// A failure the caller should read is a <see cref="StepFaultException"/>.
/// </summary>
internal interface ICloneBackend
{
    /// <summary>An empty or already filled database and its user exist; the user's password is the one given.</summary>
    Task EnsureDatabaseAsync(StepToken token, CloneOrder order, JobSecrets secrets, CancellationToken cancellation);

    /// <summary>A PHP that answers for this clone runs, over a tree that holds WordPress core.</summary>
    /// <param name="progress">Hears what the start waits for, where it has to.</param>
    Task EnsurePodAsync(
        StepToken token, CloneOrder order, JobSecrets secrets, IProgress<ContentProgress>? progress, CancellationToken cancellation);

    /// <summary>The clone holds the source's content, counted and compared. Starts over what an earlier attempt left.</summary>
    Task<ContentReport> ImportContentAsync(
        StepToken token, CloneOrder order, JobSecrets secrets, SourceChannel source, IProgress<ContentProgress> progress, CancellationToken cancellation);

    /// <summary>Clones may be handed over before their media are there.</summary>
    bool MediaOnDemand { get; }

    /// <summary>All media that a clone was handed over without are there, or are given up if the order says so; and compared.</summary>
    Task<MediaFacts> FetchMediaAsync(StepToken token, CloneOrder order, IProgress<ContentProgress> progress, CancellationToken cancellation);

    /// <summary>The clone holds what the source publishes. Starts over what an earlier attempt left, except for files.</summary>
    Task<ContentReport> ImportPublicAsync(
        StepToken token, CloneOrder order, JobSecrets secrets, PublicSource source, IProgress<ContentProgress> progress, CancellationToken cancellation);

    /// <summary>The custom-migrator plugin is active in the clone, has answered with this job's id, and has made the caller's administrator.</summary>
    Task<PluginReport> ActivatePluginAsync(StepToken token, CloneOrder order, JobSecrets secrets, CancellationToken cancellation);

    /// <summary>The public route leads to the clone. Answers its address.</summary>
    Task<Uri> OpenRouteAsync(StepToken token, CloneOrder order, CancellationToken cancellation);

    /// <summary>Nothing of the clone exists any more: route, processes, sockets, files, database, user. Verified before it returns.</summary>
    Task RemoveAsync(StepToken token, CancellationToken cancellation);

    /// <summary>The clones of which anything exists. What waits in the pool is none.</summary>
    Task<IReadOnlyList<ExistingClone>> ListAsync(CancellationToken cancellation);

    /// <summary>The logs that clones have here.</summary>
    IReadOnlyList<CloneLogKind> Logs { get; }

    /// <summary>The end of one of <see cref="Logs"/>; null if there is no clone that can be asked. Claims nothing.</summary>
    Task<CloneLog?> TailLogAsync(JobId job, JobSecrets secrets, CloneLogKind kind, int lines, CancellationToken cancellation);

    /// <summary>Where an instance would be made today, and of what. One of another recipe is not claimed.</summary>
    InstanceRecipe Recipe { get; }

    /// <summary>An instance that no job owns yet has a database, and a PHP over a WordPress without content. It has a row already.</summary>
    Task MakeInstanceAsync(JobId instance, CancellationToken cancellation);

    /// <summary>Whether an instance that was made is all there and answers now, as far as is known without asking anybody.</summary>
    bool Serves(JobId instance);
}

/// <summary>How far an import has come.</summary>
internal sealed record ContentProgress(double Fraction, string Message);

/// <summary>What was imported and verified.</summary>
/// <param name="Proof">Null for a copy of what the source publishes.</param>
/// <param name="Awaited">What comes later; null if all is there.</param>
internal sealed record ContentReport(ContentFacts Facts, IReadOnlyList<string> Warnings, ContentProof? Proof = null, MediaAwaited? Awaited = null);

/// <summary>What the plugin inside the clone answered.</summary>
internal sealed record PluginReport(string Version, string Username);

/// <summary>A step cannot be done, for a reason that has a name.</summary>
internal sealed class StepFaultException(StepFault fault, Exception? inner = null) : Exception(fault.Message, inner)
{
    public StepFault Fault { get; } = fault;
}

/// <summary>A newer attempt has taken over this job; whoever gets this stops and touches nothing more.</summary>
internal sealed class OvertakenException(StepToken token)
    : Exception($"{token.Job}: attempt with fence {token.Fence} was overtaken by a newer one.");
