using CloneHub.Contracts;
using CloneHub.Provisioning.Pool;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.PublicSite;

namespace CloneHub.Provisioning.Tests.Pool;

/// <summary>A back end that makes no instances.</summary>
internal sealed class RefusingBackend(ICloneBackend real) : ICloneBackend
{
    private int _asked;

    public int Asked => _asked;

    /// <summary>It does not even say what an instance is made of.</summary>
    public bool IsLost { get; set; }

    public InstanceRecipe Recipe => IsLost ? throw new IOException("There is no core.") : real.Recipe;

    public bool Serves(JobId instance) => real.Serves(instance);

    public Task MakeInstanceAsync(JobId instance, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _asked);
        throw new IOException("There is no room.");
    }

    public Task EnsureDatabaseAsync(StepToken token, CloneOrder order, JobSecrets secrets, CancellationToken cancellation) => throw new NotSupportedException();

    public Task EnsurePodAsync(StepToken token, CloneOrder order, JobSecrets secrets, IProgress<ContentProgress>? progress, CancellationToken cancellation) =>
        throw new NotSupportedException();

    public Task<ContentReport> ImportContentAsync(
        StepToken token, CloneOrder order, JobSecrets secrets, SourceChannel source, IProgress<ContentProgress> progress, CancellationToken cancellation) =>
        throw new NotSupportedException();

    public bool MediaOnDemand => real.MediaOnDemand;

    public Task<MediaFacts> FetchMediaAsync(StepToken token, CloneOrder order, IProgress<ContentProgress> progress, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<ContentReport> ImportPublicAsync(
        StepToken token, CloneOrder order, JobSecrets secrets, PublicSource source, IProgress<ContentProgress> progress, CancellationToken cancellation) =>
        throw new NotSupportedException();

    public Task<PluginReport> ActivatePluginAsync(StepToken token, CloneOrder order, JobSecrets secrets, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<Uri> OpenRouteAsync(StepToken token, CloneOrder order, CancellationToken cancellation) => throw new NotSupportedException();

    public Task RemoveAsync(StepToken token, CancellationToken cancellation) => real.RemoveAsync(token, cancellation);

    public IReadOnlyList<CloneLogKind> Logs => [];

    public Task<CloneLog?> TailLogAsync(JobId job, JobSecrets secrets, CloneLogKind kind, int lines, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<IReadOnlyList<ExistingClone>> ListAsync(CancellationToken cancellation) => real.ListAsync(cancellation);
}
