using System.Runtime.ExceptionServices;
using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress.Media;
using CloneHub.Provisioning.WordPress.Rewriting;
using MySqlConnector;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>
/// Copies a source's tables and files into a clone, side by side, and compares both with what was sent. May be stopped anywhere and run
/// again: tables start over, files that are complete stay.
/// </summary>
internal static class SiteImporter
{
    /// <summary>A wait for the source's visitors that somebody might ask about.</summary>
    private static readonly TimeSpan WorthTelling = TimeSpan.FromSeconds(10);

    public static async Task<ContentReport> ImportAsync(
        SourceChannel source, CloneTarget target, CloneKeys keys, IProgress<ContentProgress> report,
        Func<CancellationToken, Task> ensureFence, CancellationToken cancellation)
    {
        try
        {
            return await RunAsync(source, target, keys, report, ensureFence, cancellation);
        }
        catch (IOException fault) when (FileImport.IsDiskFull(fault))
        {
            throw ImportFault.DiskFull(fault);
        }
        catch (MySqlException fault) when (!MariaDbFaults.IsOurs(fault))
        {
            throw ImportFault.Database(fault);
        }
    }

    private static async Task<ContentReport> RunAsync(
        SourceChannel source, CloneTarget target, CloneKeys keys, IProgress<ContentProgress> report,
        Func<CancellationToken, Task> ensureFence, CancellationToken cancellation)
    {
        var facts = await source.HelloAsync(cancellation);
        if (facts.LayoutProblem is { } problem) throw SourceFaults.Layout(problem);
        TreePath.Resolve(target.Root.FullName, facts.UploadsPlace);
        var warnings = new ImportWarnings();
        var progress = new ImportProgress(report);
        var rewriter = new ContentRewriter(SiteAddresses.Map(facts, target));
        target.State.Create();
        target.Root.Create();

        await using var database = ImportSession.Connect(target, loads: false);
        var (import, (files, awaited)) = await TogetherAsync(
            token => ImportDatabaseAsync(source, target, facts, database, rewriter, warnings, progress, ensureFence, token),
            token => ImportFilesAsync(source, target, facts, rewriter, warnings, progress, ensureFence, token),
            cancellation);
        await ensureFence(cancellation);

        // Not before the files are there as well: until then the rows are the source's, and whoever is cut off goes on with them.
        await new DatabaseFixes(database, target, facts, warnings).RunAsync(hasCursors: import.Cursors is not null, cancellation);
        foreach (var file in ResumeFiles(target)) file.Delete();
        var tables = import.Proofs;
        if (tables.Count > ContentProof.MostTables)
            warnings.Add($"The certificate names {ContentProof.MostTables} of {tables.Count} tables; all were compared.");
        await ensureFence(cancellation);
        WpConfig.Write(target, WpConfig.Text(target, facts, keys, rewriter, warnings));
        foreach (var left in source.LeftOut.Where(left => !IsOurs(left))) warnings.Count("Left out by the source's connector", left);
        var isSnapshot = source.Consistency == DumpConsistency.Snapshot && !import.HasResumed;
        if (!isSnapshot)
            warnings.Add("The source's tables were read in several transactions; what changed meanwhile may not fit together.");
        if (source.WaitedForVisitors >= WorthTelling)
            warnings.Add($"The source had visitors of its own meanwhile, who go first: copying waited {source.WaitedForVisitors.TotalSeconds:0} seconds for them.");
        return new ContentReport(new ContentFacts(tables.Count, tables.Sum(table => table.Rows), files.Files, files.Bytes), warnings.ToList(), Prove(facts, tables, files, isSnapshot), awaited);
    }

    private static ContentProof Prove(SourceFacts facts, IReadOnlyList<TableProof> tables, FilesProof files, bool isSnapshot) => new(
        new SiteVersions(facts.WordPressVersion, facts.PhpVersion, facts.DatabaseVersion), [.. tables.Take(ContentProof.MostTables)], files, isSnapshot);

    private static async Task<DatabaseImport> ImportDatabaseAsync(
        SourceChannel source, CloneTarget target, SourceFacts facts, MySqlDataSource database, ContentRewriter rewriter, ImportWarnings warnings, ImportProgress progress,
        Func<CancellationToken, Task> ensureFence, CancellationToken cancellation)
    {
        using var part = ProvisioningTelemetry.StartPart("copy tables");
        var schema = await source.SchemaAsync(cancellation);
        foreach (var table in schema.LeftOut) warnings.Count("Tables without the site's prefix were left out", table);
        foreach (var routine in schema.Routines ?? []) warnings.Count("Stored routines and events were left out", routine);
        await using var loading = ImportSession.Connect(target, loads: true);
        var import = new DatabaseImport(database, loading, new RowEncoder(rewriter), warnings, progress, ensureFence) { Identity = IdentityOf(facts, target) };
        var tables = await import.RunAsync(schema, source.DumpAsync, cancellation);
        part.SetTag("clonehub.rows", tables.Sum(table => table.Rows));
        return import;
    }

    /// <summary>What rows are made of, but for the source's own.</summary>
    private static string IdentityOf(SourceFacts facts, CloneTarget target) => string.Join(
        '\n', CustomMigratorPackage.Version, facts.Addresses, facts.AbsolutePath, facts.ContentDirectory, facts.PluginsDirectory, facts.MustUsePluginsDirectory, facts.UploadsDirectory,
        target.PublicAddress, target.Root.FullName);

    private static FileInfo[] ResumeFiles(CloneTarget target) => [ListingFile(target, FileRoot.Core), ListingFile(target, FileRoot.Content), CheckedFile(target)];

    private static FileInfo ListingFile(CloneTarget target, FileRoot root) => new(Path.Combine(target.State.FullName, root == FileRoot.Core ? "listing-core.jsonl" : "listing-content.jsonl"));

    private static FileInfo CheckedFile(CloneTarget target) => new(Path.Combine(target.State.FullName, "files-checked.tsv"));

    private static async Task<(FilesProof Files, MediaAwaited? Awaited)> ImportFilesAsync(
        SourceChannel source, CloneTarget target, SourceFacts facts, ContentRewriter rewriter, ImportWarnings warnings, ImportProgress progress,
        Func<CancellationToken, Task> ensureFence, CancellationToken cancellation)
    {
        using var part = ProvisioningTelemetry.StartPart("copy files");
        List<PlannedFile>[] lists;
        using (ProvisioningTelemetry.StartPart("list files")) lists = await Task.WhenAll(ListAsync(FileRoot.Core), ListAsync(FileRoot.Content));
        using var known = CheckedFiles.Open(CheckedFile(target).FullName);
        var import = new FileImport(target, facts.UploadsPlace, rewriter, warnings, progress, ensureFence, known);
        var later = target.Media is null ? [] : lists.SelectMany(list => list).Where(file => MediaKinds.MayComeLater(file, facts.UploadsPlace)).ToHashSet();
        target.Media?.Clear();
        var counted = await import.RunAsync([.. lists.SelectMany(list => list)], CoreStore.Of(target.CoreStore, facts.WordPressVersion), source.GetAsync, cancellation, later.Contains);
        await ensureFence(cancellation);
        CustomMigratorPackage.WriteTo(new DirectoryInfo(Path.Combine(target.ContentRoot, "plugins")));
        part.SetTag("clonehub.files", counted.Files).SetTag("clonehub.bytes", counted.Bytes);
        if (target.Media is not { } media || later.Count == 0) return (counted, null);
        await media.WriteAsync(new MediaManifest(source.Pass, target.Owner, [.. later]), cancellation);
        return (counted, new MediaAwaited(later.Count, later.Sum(file => file.Source.Size)));

        async Task<List<PlannedFile>> ListAsync(FileRoot root)
        {
            var plan = new List<PlannedFile>();
            await using var saved = await SavedListing.OpenAsync(ListingFile(target, root).FullName, TimeProvider.System, cancellation);
            await foreach (var file in source.ListAsync(root, cancellation, isHasty: true, saved))
                if (FilePlan.Place(root, file, facts.UploadsPlace, warnings) is { } placed) plan.Add(placed);
            return plan;
        }
    }

    /// <summary>No news to the caller: every clone has its own configuration, and no clone has the connector.</summary>
    private static bool IsOurs(string left) =>
        left.StartsWith("wp-config.php ", StringComparison.Ordinal) || left.StartsWith("wp-content/plugins/clonehub-", StringComparison.Ordinal);

    /// <summary>When one half fails the other is stopped and waited for; the failure that came first is the one to tell.</summary>
    private static async Task<(TFirst First, TSecond Second)> TogetherAsync<TFirst, TSecond>(
        Func<CancellationToken, Task<TFirst>> first, Func<CancellationToken, Task<TSecond>> second, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        ExceptionDispatchInfo? cause = null;
        var one = StoppingOthers(first);
        var other = StoppingOthers(second);
        await Task.WhenAll(one, other).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cause?.Throw();
        return (await one, await other);

        async Task<T> StoppingOthers<T>(Func<CancellationToken, Task<T>> work)
        {
            try
            {
                return await Task.Run(() => work(stop.Token), stop.Token);
            }
            catch (Exception fault)
            {
                Interlocked.CompareExchange(ref cause, ExceptionDispatchInfo.Capture(fault), null);
                await stop.CancelAsync();
                throw;
            }
        }
    }
}
