using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using CloneHub.Contracts;
using CloneHub.Provisioning.Agent;
using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Provisioning.WordPress.Rewriting;

namespace CloneHub.Provisioning.WordPress.Restore;

/// <summary>Brings a clone's content to a site, beside what is there: what changes lies ready then, compared, and nobody has noticed.</summary>
internal sealed class SiteRestorer(SourceChannel clone, TargetChannel target, RestoreRules rules, IProgress<ContentProgress> report)
{
    private readonly ImportWarnings _warnings = new();
    private SourceFacts _from = null!;
    private SourceFacts _to = null!;
    private Dictionary<string, SourceTable> _site = null!;
    private RestoredTables _tables = null!;
    private RestoredFiles _files = null!;

    /// <summary>Looks at both sides and changes nothing.</summary>
    /// <param name="since">The site's tables at some time before; null if what it has earned since is not asked for.</param>
    public async Task<RestorePlan> PlanAsync(IReadOnlyList<TableMark>? since, CancellationToken cancellation)
    {
        (_from, _to) = (await clone.HelloAsync(cancellation), await target.Site.HelloAsync(cancellation));
        var inspection = await target.InspectAsync(cancellation);
        if (inspection.Busy) throw RestoreFaults.Busy();
        var obstacles = inspection.Obstacles.ToList();
        var version = await SchemaVersionAsync(cancellation);
        if (version != inspection.SchemaVersion) obstacles.Add($"its WordPress has database version {inspection.SchemaVersion}, the clone's has {version}");
        if (_from.TablePrefix != _to.TablePrefix) obstacles.Add("its tables have another prefix than the clone's");
        var (ours, theirs) = (await clone.SchemaAsync(cancellation), await target.Site.SchemaAsync(cancellation));
        _tables = new RestoredTables(ours, theirs, _to.TablePrefix, rules.KeptTables);
        obstacles.AddRange(_tables.Obstacles);
        report.Report(new ContentProgress(0.3, "Comparing files"));
        await CompareFilesAsync(cancellation);
        if (RestoreChecks.Shortage(inspection, _files.Changed.Sum(file => file.Source.Size), _tables.Tables.Sum(table => table.Table.ApproximateBytes)) is { } shortage) obstacles.Add(shortage);
        report.Report(new ContentProgress(0.6, "Comparing tables"));
        _site = theirs.Tables.Where(table => !table.IsView).ToDictionary(table => table.Name, StringComparer.Ordinal);
        var marks = await new SiteDrift(target, _tables).MarkAsync(_tables.Tables.Where(table => _site.ContainsKey(table.Name)).Select(table => _site[table.Name]), cancellation);
        var drift = since is null ? [] : await new SiteDrift(target, _tables).SinceAsync(_site, since, marks, cancellation);
        var extensions = RestoreOutline.Extensions(rules, await clone.ExtensionsAsync(cancellation), await target.Site.ExtensionsAsync(cancellation));
        obstacles.AddRange(JudgeVersions(extensions));
        var facts = new PlanFacts(
            RestoreOutline.Tables(_tables, ours, theirs, marks.ToDictionary(mark => mark.Name, mark => mark.Rows, StringComparer.Ordinal)), RestoreOutline.Files(_files), extensions,
            RestoreOutline.OptionsKept(rules, _to.TablePrefix), drift, obstacles, _warnings.ToList());
        return new RestorePlan(facts.Bounded(), marks);
    }

    /// <summary>Also counts rows, which takes its time. Needs the plan.</summary>
    public async Task<RestorePlan> CountAsync(RestorePlan plan, CancellationToken cancellation)
    {
        report.Report(new ContentProgress(0.8, "Counting rows"));
        var comparison = new RowComparison(clone, target.Site, _tables, await ReadUsersAsync(cancellation), new ContentRewriter(Addresses(_from, _to)));
        return plan with { Facts = RestoreOutline.Counted(plan.Facts, await comparison.RunAsync(_site, cancellation)) };
    }

    /// <summary>Everything that is to change lies beside what is there, and is what was sent. Visitors notice nothing. Needs the plan.</summary>
    public async Task<StagedContent> StageAsync(CancellationToken cancellation)
    {
        var rewriter = new ContentRewriter(Addresses(_from, _to));
        if (IsUsual(_from.AbsolutePath) && !IsUsual(_to.AbsolutePath))
            _warnings.Add($"Texts speak of {CloneImage.Root} beside the clone that lies there: such paths become the site's below wp-content only");
        var users = await ReadUsersAsync(cancellation);
        foreach (var number in users.Others) _warnings.Count("Numbers of users that are another person's at the site; what plugins note by number is not followed", number);
        foreach (var login in users.Missing) _warnings.Count("Users that only the clone has; the site's administrator takes what they wrote", login);
        var progress = new ImportProgress(report);
        var rows = await new RowUpload(target, _tables, users, rewriter, _warnings, progress).RunAsync(clone, cancellation);
        var (files, bytes) = await new FileUpload(clone, target, _files, rewriter, progress).RunAsync(cancellation);
        var marks = await new SiteDrift(target, _tables).MarkStagedAsync(_site, cancellation);
        return new StagedContent(_tables.Tables.Count, rows, files, bytes, _warnings.ToList(), marks);
    }

    private async Task CompareFilesAsync(CancellationToken cancellation)
    {
        var (ours, theirs) = (await ListAsync(clone, cancellation), await ListAsync(target.Site, cancellation));
        _files = new RestoredFiles(rules, ours, theirs);
        foreach (var warning in _tables.Warnings) _warnings.Add(warning);
        if (!rules.PreservePlugins) return;
        foreach (var plugin in RestoredFiles.MissingPlugins(_from.ActivePlugins, theirs)) _warnings.Count("Plugins that are active in the clone and that the site does not have", plugin);
    }

    /// <returns>Obstacles. What is to be overwritten is only warned of.</returns>
    private IReadOnlyList<string> JudgeVersions(IReadOnlyList<ExtensionPlan> extensions)
    {
        foreach (var other in RestoreChecks.OtherVersions(extensions)) _warnings.Count("What stays in another version than the clone worked with", other);
        var back = RestoreChecks.PutBack(extensions);
        if (!rules.Overwrites) return [.. back.Select(one => $"{one} (update it in the clone, or send preserve_{(one.StartsWith("theme", StringComparison.Ordinal) ? "themes" : "plugins")}, or on_drift 'overwrite')")];
        foreach (var one in back) _warnings.Add(one);
        return [];
    }

    /// <summary>The way back of what was done when the clone was made.</summary>
    private static RewriteMap Addresses(SourceFacts from, SourceFacts to)
    {
        var map = new RewriteMap();
        (string? From, string? To)[] pairs =
        [
            (from.HomeUrl, to.HomeUrl), (from.SiteUrl, to.SiteUrl), (from.ContentUrl, to.ContentUrl), (from.PluginsUrl, to.PluginsUrl),
            (from.MustUsePluginsUrl, to.MustUsePluginsUrl), (from.UploadsUrl, to.UploadsUrl),
        ];
        foreach (var (own, other) in pairs)
            if (Uri.TryCreate(own, UriKind.Absolute, out var address) && Uri.TryCreate(other, UriKind.Absolute, out var place)) map.Url(address, place);

        if (!IsUsual(from.AbsolutePath)) map.Path(from.AbsolutePath, to.AbsolutePath);
        return map.Path(from.ContentDirectory, to.ContentDirectory).Path(from.PluginsDirectory, to.PluginsDirectory)
            .Path(from.MustUsePluginsDirectory, to.MustUsePluginsDirectory).Path(from.UploadsDirectory, to.UploadsDirectory);
    }

    /// <summary>Where most web servers keep their site, and many a manual says so.</summary>
    private static bool IsUsual(string path) => path.TrimEnd('/') == CloneImage.Root;

    private async Task<UserMap> ReadUsersAsync(CancellationToken cancellation)
    {
        var (ours, theirs) = (await UsersAsync(clone, cancellation), await UsersAsync(target.Site, cancellation));
        var administrator = await AdministratorAsync(cancellation) ?? theirs.Keys.FirstOrDefault("0");
        return new UserMap(ours, theirs, administrator);
    }

    private async Task<Dictionary<string, string>> UsersAsync(SourceChannel site, CancellationToken cancellation)
    {
        var users = new Dictionary<string, string>(StringComparer.Ordinal);
        await foreach (var row in RowsAsync(site, _to.TablePrefix + "users", ["ID", "user_login"], "ID", cancellation)) users[row[0]] = row[1];
        return users;
    }

    /// <summary>The first of the site's administrators.</summary>
    private async Task<string?> AdministratorAsync(CancellationToken cancellation)
    {
        await foreach (var row in RowsAsync(target.Site, _to.TablePrefix + "usermeta", ["umeta_id", "user_id", "meta_key", "meta_value"], "umeta_id", cancellation))
            if (row[2] == _to.TablePrefix + "capabilities" && row[3].Contains("\"administrator\"", StringComparison.Ordinal)) return row[1];
        return null;
    }

    private async Task<int> SchemaVersionAsync(CancellationToken cancellation)
    {
        await foreach (var row in RowsAsync(clone, _from.TablePrefix + "options", ["option_id", "option_name", "option_value"], "option_id", cancellation))
            if (row[1] == "db_version" && int.TryParse(row[2], NumberStyles.None, CultureInfo.InvariantCulture, out var version)) return version;
        throw ImportFault.Verification("The clone's options hold no version of its tables.");
    }

    private static async IAsyncEnumerable<string[]> RowsAsync(
        SourceChannel site, string table, string[] columns, string key, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var item in site.DumpAsync([new DumpRequest(table, columns, [key])], cancellation))
        {
            if (item is not TableRows rows) continue;
            foreach (var row in rows.Batch.ToArrays()) yield return [.. row.Select(value => value is null ? "" : Encoding.UTF8.GetString(value))];
        }
    }

    private static async Task<List<SourceFile>> ListAsync(SourceChannel site, CancellationToken cancellation)
    {
        var files = new List<SourceFile>();
        await foreach (var file in site.ListAsync(FileRoot.Content, cancellation)) files.Add(file);
        return files;
    }
}
