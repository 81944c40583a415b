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

        var (tables, (files, awaited)) = await TogetherAsync(
            token => ImportDatabaseAsync(source, target, facts, rewriter, warnings, progress, ensureFence, token),
            token => ImportFilesAsync(source, target, facts, rewriter, warnings, progress, ensureFence, token),
            cancellation);

        if (tables.Count > ContentProof.MostTables)
            warnings.Add($"The certificate names {ContentProof.MostTables} of {tables.Count} tables; all were compared.");
        await ensureFence(cancellation);
        WpConfig.Write(target, WpConfig.Text(target, facts, keys, rewriter, warnings));
        foreach (var left in source.LeftOut.Where(left => !IsOurs(left))) warnings.Count("Left out by the source's connector", left);
        if (source.Consistency == DumpConsistency.Fuzzy)
            warnings.Add("The source's tables were read in several transactions; what changed meanwhile may not fit together.");
        return new ContentReport(new ContentFacts(tables.Count, tables.Sum(table => table.Rows), files.Files, files.Bytes), warnings.ToList(), Prove(source, facts, tables, files), awaited);
    }

    private static ContentProof Prove(SourceChannel source, SourceFacts facts, IReadOnlyList<TableProof> tables, FilesProof files) => new(
        new SiteVersions(facts.WordPressVersion, facts.PhpVersion, facts.DatabaseVersion), [.. tables.Take(ContentProof.MostTables)], files,
        source.Consistency is DumpConsistency.Snapshot);

    private static async Task<IReadOnlyList<TableProof>> ImportDatabaseAsync(
        SourceChannel source, CloneTarget target, SourceFacts facts, ContentRewriter rewriter, ImportWarnings warnings, ImportProgress progress,
        Func<CancellationToken, Task> ensureFence, CancellationToken cancellation)
    {
        using var part = ProvisioningTelemetry.StartPart("copy tables");
        var schema = await source.SchemaAsync(cancellation);
        foreach (var table in schema.LeftOut) warnings.Count("Tables without the site's prefix were left out", table);
        foreach (var routine in schema.Routines ?? []) warnings.Count("Stored routines and events were left out", routine);
        await using var database = ImportSession.Connect(target, loads: false);
        await using var loading = ImportSession.Connect(target, loads: true);
        var import = new DatabaseImport(database, loading, new RowEncoder(rewriter, warnings), warnings, progress, ensureFence);
        var tables = await import.RunAsync(schema, source.DumpAsync, cancellation);
        await ensureFence(cancellation);
        await new DatabaseFixes(database, target, facts, warnings).RunAsync(cancellation);
        part.SetTag("clonehub.rows", tables.Sum(table => table.Rows));
        return tables;
    }

    private static async Task<(FilesProof Files, MediaAwaited? Awaited)> ImportFilesAsync(
        SourceChannel source, CloneTarget target, SourceFacts facts, ContentRewriter rewriter, ImportWarnings warnings, ImportProgress progress,
        Func<CancellationToken, Task> ensureFence, CancellationToken cancellation)
    {
        using var part = ProvisioningTelemetry.StartPart("copy files");
        List<PlannedFile>[] lists;
        using (ProvisioningTelemetry.StartPart("list files")) lists = await Task.WhenAll(ListAsync(FileRoot.Core), ListAsync(FileRoot.Content));
        var import = new FileImport(target, facts.UploadsPlace, rewriter, warnings, progress, ensureFence);
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
            await foreach (var file in source.ListAsync(root, cancellation, isHasty: true))
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
