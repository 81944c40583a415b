using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Provisioning.WordPress.Rewriting;
using MySqlConnector;

namespace CloneHub.Provisioning.Tests.WordPress.Import;

/// <summary>Clones to import into.</summary>
internal static class Targets
{
    internal static CloneTarget Database(string connectionString) => Folder(new DirectoryInfo("/nonexistent"), connectionString);

    internal static CloneTarget Folder(DirectoryInfo folder, string connectionString = "Server=localhost;Database=none", DirectoryInfo? coreStore = null, FileOwner? owner = null)
    {
        var builder = new MySqlConnectionStringBuilder(connectionString);
        return new CloneTarget(
            JobId.FromBytes(Guid.NewGuid().ToByteArray()), connectionString, $"localhost:{builder.Server}", builder.Database, builder.UserID,
            new DirectoryInfo(Path.Combine(folder.FullName, "root")), new DirectoryInfo(Path.Combine(folder.FullName, "state")), coreStore,
            new Uri("http://job-x.localhost:5080/"), owner);
    }

    /// <summary>Brings tables into an empty database as an import does, and nothing else of the site.</summary>
    /// <param name="isSummed">Whether the source has to have been asked for sums, and to have had the same; null if either will do.</param>
    internal static async Task<IReadOnlyList<TableProof>> ImportAsync(
        string connectionString, ContentRewriter rewriter, ImportWarnings warnings, SourceSchema schema, ITableSource source, bool? isSummed = null)
    {
        var target = Database(connectionString);
        await using var database = ImportSession.Connect(target, loads: false);
        await using var loading = ImportSession.Connect(target, loads: true);
        var progress = new ImportProgress(new Progress<ContentProgress>());
        var import = new DatabaseImport(database, loading, new RowEncoder(rewriter), warnings, progress, _ => Task.CompletedTask);
        await import.RunAsync(schema, source, CancellationToken.None);
        Assert.True(isSummed is null || isSummed == import.IsCompared);
        return import.Proofs;
    }
}
