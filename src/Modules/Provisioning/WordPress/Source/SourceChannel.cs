using System.Runtime.CompilerServices;

namespace CloneHub.Provisioning.WordPress;

/// <summary>Whether a dump shows one moment of the source.</summary>
internal enum DumpConsistency
{
    /// <summary>All tables came from one transaction.</summary>
    Snapshot,

    /// <summary>The dump took several transactions, or a table's engine has none.</summary>
    Fuzzy,
}

/// <summary>
/// A source site with our connector on it. Calls may run side by side; each follows the connector's cursors and repeats what
/// a broken connection left out, so that a caller sees every row and byte once.
/// </summary>
internal sealed class SourceChannel : IAsyncDisposable
{
    /// <summary>What the last dump was; <see cref="DumpConsistency.Snapshot"/> before any.</summary>
    public DumpConsistency Consistency { get; private set; }

    /// <summary>Folders and files that listings left out, each with the reason.</summary>
    public IReadOnlyCollection<string> LeftOut => _leftOut;

    private readonly List<string> _leftOut = [];

    public Task<SourceFacts> HelloAsync(CancellationToken cancellation) => throw new NotSupportedException();

    public Task<SourceSchema> SchemaAsync(CancellationToken cancellation) => throw new NotSupportedException();

    public async IAsyncEnumerable<DumpItem> DumpAsync(
        IReadOnlyList<DumpRequest> tables, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await Task.CompletedTask;
        Consistency = DumpConsistency.Snapshot;
        yield break;
    }

    public async IAsyncEnumerable<SourceFile> ListAsync(FileRoot root, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await Task.CompletedTask;
        _leftOut.Clear();
        yield break;
    }

    public async IAsyncEnumerable<FileChunk> GetAsync(
        FileRoot root, IReadOnlyList<string> paths, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await Task.CompletedTask;
        _leftOut.Clear();
        yield break;
    }

    /// <summary>The source removes the connector and every trace of it.</summary>
    public Task ByeAsync(CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
