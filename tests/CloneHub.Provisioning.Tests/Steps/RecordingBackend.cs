using CloneHub.Contracts;
using CloneHub.Provisioning.Pool;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.PublicSite;

namespace CloneHub.Provisioning.Tests.Steps;

/// <summary>Makes no clones: notes what it is told, and imports what a test says.</summary>
internal sealed class RecordingBackend(Func<Task>? import = null) : ICloneBackend
{
    public bool HasRemoved { get; private set; }

    /// <summary>Of what is not answered: what was asked for.</summary>
    public List<string> Asked { get; } = [];

    public Task EnsureDatabaseAsync(StepToken token, CloneOrder order, JobSecrets secrets, CancellationToken cancellation) => Task.CompletedTask;

    public Task EnsurePodAsync(
        StepToken token, CloneOrder order, JobSecrets secrets, IProgress<ContentProgress>? progress, CancellationToken cancellation) => Task.CompletedTask;

    public async Task<ContentReport> ImportContentAsync(
        StepToken token, CloneOrder order, JobSecrets secrets, SourceChannel source, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        if (import is not null) await import();
        return new ContentReport(new ContentFacts(1, 1, 1, 1), ["imported"]);
    }

    public bool MediaOnDemand => true;

    public Task<MediaFacts> FetchMediaAsync(StepToken token, CloneOrder order, IProgress<ContentProgress> progress, CancellationToken cancellation) => Refuse<MediaFacts>("media");

    public Task<ContentReport> ImportPublicAsync(
        StepToken token, CloneOrder order, JobSecrets secrets, PublicSource source, IProgress<ContentProgress> progress, CancellationToken cancellation) =>
        throw new NotSupportedException();

    public Task<PluginReport> ActivatePluginAsync(StepToken token, CloneOrder order, JobSecrets secrets, CancellationToken cancellation) => Refuse<PluginReport>("activate");

    public Task<Uri> OpenRouteAsync(StepToken token, CloneOrder order, CancellationToken cancellation) => Refuse<Uri>("route");

    public Task RemoveAsync(StepToken token, CancellationToken cancellation)
    {
        HasRemoved = true;
        return Task.CompletedTask;
    }

    public IReadOnlyList<CloneLogKind> Logs => [];

    public Task<CloneLog?> TailLogAsync(JobId job, JobSecrets secrets, CloneLogKind kind, int lines, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<IReadOnlyList<ExistingClone>> ListAsync(CancellationToken cancellation) => throw new NotSupportedException();

    public InstanceRecipe Recipe => InstanceRecipe.Of("nowhere", "nothing");

    public Task MakeInstanceAsync(JobId instance, CancellationToken cancellation) => throw new NotSupportedException();

    private Task<T> Refuse<T>(string what)
    {
        Asked.Add(what);
        throw new NotSupportedException();
    }

    public bool Serves(JobId instance) => throw new NotSupportedException();
}
