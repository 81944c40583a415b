using System.Collections.Concurrent;
using CloneHub.Contracts;
using CloneHub.Provisioning.Steps;
using CloneHub.Provisioning.WordPress.Import;
using Microsoft.Extensions.Logging;

namespace CloneHub.Provisioning.WordPress.Media;

/// <summary>
/// The clones whose media this node brings: for visitors, and for the step that fetches the rest. The key that opens the source comes from the vault and is
/// nowhere but in this program's memory.
/// </summary>
internal sealed partial class MediaOnDemand(IJobVault vault, SourceOptions options, TimeProvider clock, ILogger<MediaOnDemand> log) : IAsyncDisposable
{
    /// <summary>Code of the answer that a visitor gets in place of a file that cannot be had now.</summary>
    public const string NotYet = "MEDIA_NOT_YET";

    /// <summary>Batches that steps fetch at once, of all clones together; visitors have no part in it. A clone gives its turn back after each batch, so that none waits for the end of another.</summary>
    private const int Batches = 8;

    private readonly ConcurrentDictionary<JobId, Lazy<Task<MediaFetch>>> _fetches = new();
    private readonly SemaphoreSlim _turns = new(Batches);

    /// <summary>Brings what a visitor asks for, if it is awaited.</summary>
    /// <param name="path">Of the address, without escapes.</param>
    /// <returns>False if it cannot be had now.</returns>
    public async Task<bool> BringAsync(JobId job, DirectoryInfo root, MediaFolder folder, string path, CancellationToken visitor)
    {
        if (!folder.IsAwaiting)
        {
            // Concluded by another node, or on the way out: the key is not kept for nothing.
            await CloseAsync(job);
            return true;
        }

        // Pages and all else of the clone must not depend on vault and source.
        var place = string.Join('/', path.Split('/', StringSplitOptions.RemoveEmptyEntries));
        if (!MediaKinds.IsMedium(place) || !MediaTree.IsHeld(root, place)) return true;
        try
        {
            var fetch = await OpenAsync(job, root, folder).WaitAsync(visitor);
            await fetch.BringAsync(place, visitor);
            return true;
        }
        catch (Exception trouble) when (!visitor.IsCancellationRequested)
        {
            LogNotNow(trouble, job);
            return false;
        }
    }

    /// <summary>Fetches all that is awaited, unless it is given up; then compares what is there.</summary>
    public async Task<MediaFacts> FinishAsync(
        CloneOrder order, DirectoryInfo root, MediaFolder folder, IProgress<ContentProgress> progress, Func<CancellationToken, Task> ensureFence, CancellationToken cancellation)
    {
        var fetch = await OpenAsync(order.Job, root, folder).WaitAsync(cancellation);
        try
        {
            if (!order.GivesMediaUp) await fetch.BringAllAsync(_turns, progress, ensureFence, cancellation);
            await ensureFence(cancellation);
            return await fetch.ConcludeAsync(cancellation);
        }
        finally
        {
            // Visitors who come before the next attempt open it again.
            await CloseAsync(order.Job);
        }
    }

    /// <summary>Nothing is fetched any more for this clone.</summary>
    public async Task CloseAsync(JobId job)
    {
        if (!_fetches.TryRemove(job, out var open)) return;
        try
        {
            await (await open.Value).DisposeAsync();
        }
        catch (StepFaultException)
        {
            // It never opened, and whoever asked for it was told why.
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var job in _fetches.Keys) await CloseAsync(job);
        _turns.Dispose();
    }

    private async Task<MediaFetch> OpenAsync(JobId job, DirectoryInfo root, MediaFolder folder)
    {
        var open = _fetches.GetOrAdd(job, _ => new Lazy<Task<MediaFetch>>(() => StartAsync(job, root, folder)));
        try
        {
            return await open.Value;
        }
        catch
        {
            _fetches.TryRemove(KeyValuePair.Create(job, open));
            throw;
        }
    }

    private async Task<MediaFetch> StartAsync(JobId job, DirectoryInfo root, MediaFolder folder)
    {
        var secrets = await vault.RequireAsync(job, CancellationToken.None);
        var manifest = await folder.ReadAsync(CancellationToken.None) ?? throw ImportFault.Failed("The list of media that are still to come is gone.", retryable: false);
        return new MediaFetch(manifest, SourceChannel.Resume(manifest.Source, job, secrets.ConnectorKey, options, clock), root, folder, clock);
    }

    [LoggerMessage(2320, LogLevel.Warning, "{JobId}: a file that a visitor asked for could not be brought now")]
    private partial void LogNotNow(Exception trouble, JobId jobId);
}
