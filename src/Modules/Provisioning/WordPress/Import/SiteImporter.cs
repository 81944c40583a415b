using System.Runtime.ExceptionServices;
using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress.Media;
using CloneHub.Provisioning.WordPress.Rewriting;
using MySqlConnector;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>
/// Copies a source's tables and files into a clone, side by side, and compares both with what was sent. May be stopped anywhere and run
/// again: what is complete stays, and of large tables and files what is there.
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
        var account = ImportAccount.Of(facts, target, TimeProvider.System);
        if (WpConfig.Exists(target))
        {
            // An attempt of whose end nobody heard. The clone's own code may have run since, so nothing is gone on with. The file that says so goes last.
            await ensureFence(cancellation);
            await using (var anew = ImportSession.Connect(target, loads: false))
            await using (var connection = await ImportSession.OpenAsync(anew, cancellation))
                await ImportCursors.RemoveAsync(connection, cancellation);
            account.Delete();
            WpConfig.Delete(target);
        }

        await using var database = ImportSession.Connect(target, loads: false);
        var (import, (files, awaited)) = await TogetherAsync(
            token => ImportDatabaseAsync(source, target, facts, account, database, rewriter, warnings, progress, ensureFence, token),
            token => ForgettingAsync(account, () => ImportFilesAsync(source, target, facts, account, rewriter, warnings, progress, ensureFence, token)),
            cancellation);
        await ensureFence(cancellation);
        if (import.Cursors is { } cursors)
        {
            // Not before the files are there as well: until then the rows are the source's, and whoever is cut off goes on with them.
            await new DatabaseFixes(database, target, facts, warnings).RunAsync(cursors, cancellation);
        }

        account.Delete();
        var tables = import.Proofs;
        if (tables.Count > ContentProof.MostTables)
            warnings.Add($"The certificate names {ContentProof.MostTables} of {tables.Count} tables; all were compared.");
        await ensureFence(cancellation);
        WpConfig.Write(target, WpConfig.Text(target, facts, keys, rewriter, warnings));
        foreach (var left in source.LeftOut.Where(left => !IsOurs(left))) warnings.Count("Left out by the source's connector", left);
        if (!import.IsSnapshot && !import.IsCompared)
            warnings.Add("The source's tables were read in several transactions; what changed meanwhile may not fit together.");
        if (source.WaitedForVisitors >= WorthTelling)
            warnings.Add($"The source had visitors of its own meanwhile, who go first: its answers waited {source.WaitedForVisitors.TotalSeconds:0} seconds for them in all.");
        return new ContentReport(new ContentFacts(tables.Count, tables.Sum(table => table.Rows), files.Files, files.Bytes), warnings.ToList(), Prove(facts, import, files), awaited);
    }

    /// <summary>A file that is not what was listed may have changed without its length and time: all sums are asked for again by the next attempt.</summary>
    private static async Task<T> ForgettingAsync<T>(ImportAccount account, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (StepFaultException fault) when (fault.Fault.Code == ImportFault.VerifyFailed)
        {
            account.ForgetListings();
            throw;
        }
    }

    private static ContentProof Prove(SourceFacts facts, DatabaseImport import, FilesProof files) => new(
        new SiteVersions(facts.WordPressVersion, facts.PhpVersion, facts.DatabaseVersion), [.. import.Proofs.Take(ContentProof.MostTables)], files, import.IsSnapshot, import.IsCompared);

    private static async Task<DatabaseImport> ImportDatabaseAsync(
        SourceChannel source, CloneTarget target, SourceFacts facts, ImportAccount account, MySqlDataSource database, ContentRewriter rewriter, ImportWarnings warnings,
        ImportProgress progress, Func<CancellationToken, Task> ensureFence, CancellationToken cancellation)
    {
        using var part = ProvisioningTelemetry.StartPart("copy tables");
        var schema = await source.SchemaAsync(cancellation);
        foreach (var table in schema.LeftOut) warnings.Count("Tables without the site's prefix were left out", table);
        foreach (var routine in schema.Routines ?? []) warnings.Count("Stored routines and events were left out", routine);
        await using var loading = ImportSession.Connect(target, loads: true);
        var import = new DatabaseImport(database, loading, new RowEncoder(rewriter), warnings, progress, ensureFence) { Identity = account.Identity };
        await import.RunAsync(schema, source, cancellation);
        if (import.Cursors is null)
        {
            await ensureFence(cancellation);
            await new DatabaseFixes(database, target, facts, warnings).RunAsync(cursors: null, cancellation);
        }

        part.SetTag("clonehub.rows", import.Proofs.Sum(table => table.Rows));
        return import;
    }

    private static async Task<(FilesProof Files, MediaAwaited? Awaited)> ImportFilesAsync(
        SourceChannel source, CloneTarget target, SourceFacts facts, ImportAccount account, ContentRewriter rewriter, ImportWarnings warnings, ImportProgress progress,
        Func<CancellationToken, Task> ensureFence, CancellationToken cancellation)
    {
        using var part = ProvisioningTelemetry.StartPart("copy files");
        List<PlannedFile>[] lists;
        using (ProvisioningTelemetry.StartPart("list files")) lists = await Task.WhenAll(ListAsync(FileRoot.Core), ListAsync(FileRoot.Content));
        using var known = account.OpenFiles();
        var import = new FileImport(target, facts.UploadsPlace, rewriter, warnings, progress, ensureFence, known);
        var later = target.Media is null ? [] : lists.SelectMany(list => list).Where(file => MediaKinds.MayComeLater(file, facts.UploadsPlace)).ToHashSet();
        target.Media?.Clear();
        var counted = await import.RunAsync([.. lists.SelectMany(list => list)], CoreStore.Of(target.CoreStore, facts.WordPressVersion), Get, cancellation, later.Contains);
        await ensureFence(cancellation);
        CustomMigratorPackage.WriteTo(new DirectoryInfo(Path.Combine(target.ContentRoot, "plugins")));
        part.SetTag("clonehub.files", counted.Files).SetTag("clonehub.bytes", counted.Bytes);
        if (target.Media is not { } media || later.Count == 0) return (counted, null);
        await media.WriteAsync(new MediaManifest(source.Pass, target.Owner, [.. later]), cancellation);
        return (counted, new MediaAwaited(later.Count, later.Sum(file => file.Source.Size)));

        IAsyncEnumerable<FileChunk> Get(FileRoot root, IReadOnlyList<string> paths, FileStart? first, CancellationToken token) => source.GetAsync(root, paths, token, first);

        async Task<List<PlannedFile>> ListAsync(FileRoot root)
        {
            var plan = new List<PlannedFile>();
            await using var saved = await account.OpenListingAsync(root, cancellation);
            await foreach (var file in saved.Answers.Count == 0 ? source.ListAsync(root, cancellation, isHasty: true, saved) : ListAgainAsync(root, saved))
                if (FilePlan.Place(root, file, facts.UploadsPlace, warnings) is { } placed) plan.Add(placed);
            return plan;
        }

        // What an earlier attempt was told may have changed since: all is listed once more, without being read.
        async IAsyncEnumerable<SourceFile> ListAgainAsync(FileRoot root, SavedListing saved)
        {
            var known = new Dictionary<string, SourceFile>(StringComparer.Ordinal);
            await foreach (var file in source.ListAsync(root, cancellation, isHasty: true, saved)) known[file.Path] = file;
            await foreach (var file in source.ListAsync(root, cancellation, hasSums: false))
                yield return known.TryGetValue(file.Path, out var told) && told with { Md5 = null, Mode = file.Mode } == file ? file with { Md5 = told.Md5 } : file;
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
