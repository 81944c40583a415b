using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CloneHub.Contracts;
using CloneHub.Dev.WordPress;
using CloneHub.Provisioning.Tests.WordPress.Source;
using CloneHub.Provisioning.Tests.WordPress.Verification;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Restore;

namespace CloneHub.Provisioning.Tests.WordPress.Restore;

/// <summary>One site and its clone for all tests of a restore: making them takes longer than most tests do.</summary>
[CollectionDefinition(RestoreStage.Sites)]
public sealed class SharedSites : ICollectionFixture<ImportedSite>;

/// <summary>A site, a clone of it that was worked in, and a restore that has both at hand.</summary>
internal sealed class RestoreStage : IAsyncDisposable
{
    public const string Sites = "a site and its clone";

    /// <summary>How often what takes long is done: <c>./clonehub.sh chaos restore</c> says it.</summary>
    public static int Rounds { get; } = int.TryParse(Environment.GetEnvironmentVariable("CLONEHUB_RESTORE_ROUNDS"), CultureInfo.InvariantCulture, out var rounds) ? rounds : 1;

    private readonly ImportedSite _sites;
    private readonly SourceHttp _http = new(new SourceOptions { AllowLoopback = true }, TimeProvider.System);

    private readonly RestoreRules _rules;
    private bool _isEnded;

    private RestoreStage(ImportedSite sites, SourceChannel clone, TargetChannel target, RestoreRules rules)
    {
        (_sites, Clone, Target, _rules) = (sites, clone, target, rules);
        Restorer = new SiteRestorer(clone, target, rules, new Progress<ContentProgress>());
        Turn = new SiteTurn(target, rules, _http);
    }

    public SourceSite Site => _sites.Site;

    public SourceChannel Clone { get; }

    public TargetChannel Target { get; private set; }

    public SiteRestorer Restorer { get; }

    public SiteTurn Turn { get; private set; }

    public static async Task<RestoreStage> OpenAsync(ImportedSite sites, RestoreRules? rules = null)
    {
        // The first visits make WordPress put its own house in order; that is not the restore's doing.
        using (var visitor = new HttpClient()) await visitor.GetAsync(sites.Site.Url);
        var job = SourceTests.NewJob();
        var secrets = SourceTests.Administrator(sites.Site);
        var clone = await SourceTests.Connector.ConnectAsync(new CloneOrder(job, sites.Target.PublicUrl, "tests", null), secrets, 1, CancellationToken.None);
        var site = await SourceTests.Connector.ConnectAsync(
            new CloneOrder(job, sites.Site.Url, "tests", null), secrets, 1, CancellationToken.None, ConnectorUse.ToRestore(job, secrets.ConnectorKey));
        return new RestoreStage(sites, clone, new TargetChannel(site, TimeProvider.System, fence: 1), rules ?? new RestoreRules());
    }

    public async Task StageAsync()
    {
        Assert.Empty((await Restorer.PlanAsync(since: null, CancellationToken.None)).Facts.Obstacles);
        await Restorer.StageAsync(CancellationToken.None);
    }

    /// <summary>Another attempt stages where the first one has.</summary>
    public async Task<StagedContent> AgainAsync()
    {
        var again = new SiteRestorer(Clone, new TargetChannel(Target.Site, TimeProvider.System, fence: 2), _rules, new Progress<ContentProgress>());
        await again.PlanAsync(since: null, CancellationToken.None);
        var staged = await again.StageAsync(CancellationToken.None);
        Target = new TargetChannel(Target.Site, TimeProvider.System, fence: 2);
        Turn = new SiteTurn(Target, _rules, _http);
        return staged;
    }

    /// <summary>The folder that the restore works in on the site.</summary>
    public string Work => Assert.Single(Directory.GetDirectories(Path.Combine(Site.Root.FullName, "wp-content"), ".clonehub-*"));

    /// <summary>Runs PHP inside the clone.</summary>
    public static async Task InCloneAsync(ImportedSite sites, string code)
    {
        var prelude = $"$_SERVER['HTTP_HOST'] = '{sites.Target.PublicUrl.Authority}'; $_SERVER['REQUEST_URI'] = '/'; require '{sites.Target.Root.FullName}/wp-load.php';";
        using var php = Process.Start(new ProcessStartInfo("php", ["-d", "display_errors=stderr", "-r", $"{prelude} {code}"]) { RedirectStandardError = true })!;
        var errors = await php.StandardError.ReadToEndAsync();
        await php.WaitForExitAsync();
        Assert.True(php.ExitCode == 0, errors);
    }

    public static async Task WritePluginAsync(string plugins, string name, string version)
    {
        var folder = Directory.CreateDirectory(Path.Combine(plugins, name));
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, $"{name}.php"), $"<?php\n/* Plugin Name: {name}\n * Version: {version} */\n");
    }

    /// <summary>The site as its owner and its visitors have it: everything but what the restore keeps beside it and what WordPress keeps for a while.</summary>
    public async Task<string> StateAsync()
    {
        var lines = new List<string>();
        foreach (var table in await Site.QueryAsync("SHOW TABLES LIKE 'wp\\_%'", CancellationToken.None))
        {
            var name = table[0]!;

            // Options are looked for by name. Those that the site keeps get new numbers in the new table.
            var what = name == "wp_options" ? "option_name, option_value, autoload" : "*";
            var where = name == "wp_options"
                ? " WHERE option_name NOT LIKE '%\\_transient\\_%' AND option_name NOT LIKE 'clonehub\\_%' AND option_name NOT IN ('cron', 'rewrite_rules', 'active_plugins')"
                : name == "wp_usermeta" ? " WHERE meta_key <> 'session_tokens'" : "";
            foreach (var row in await Site.QueryAsync($"SELECT {what} FROM `{name}`{where} ORDER BY 1", CancellationToken.None))
                lines.Add($"{name}: {string.Join('|', row.Select(value => value ?? "NULL"))}");
        }

        foreach (var path in Directory.EnumerateFiles(Site.Root.FullName, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            if (path.Contains("/.clonehub-", StringComparison.Ordinal) || path.EndsWith("/.maintenance.part", StringComparison.Ordinal) || path.Contains("/plugins/clonehub-", StringComparison.Ordinal)) continue;
            lines.Add($"{path}: {Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(path)))} {File.GetLastWriteTimeUtc(path).ToString("O", CultureInfo.InvariantCulture)}");
        }

        return string.Join('\n', lines);
    }

    public async Task<(int Status, string Page)> VisitAsync(string path = "")
    {
        using var visitor = new HttpClient();
        using var answer = await visitor.GetAsync(new Uri(Site.Url, path));
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Every text value of the site's own tables that names the clone.</summary>
    public async Task<IReadOnlyList<string>> MentionsOfCloneAsync()
    {
        var found = new List<string>();
        var authority = _sites.Target.PublicUrl.Authority;
        foreach (var table in await Site.QueryAsync("SHOW TABLES LIKE 'wp\\_%'", CancellationToken.None))
            foreach (var row in await Site.QueryAsync($"SELECT * FROM `{table[0]}`", CancellationToken.None))
                if (row.Any(value => value?.Contains(authority, StringComparison.Ordinal) == true)) found.Add($"{table[0]}: {string.Join('|', row)}");
        return found;
    }

    public async Task EndAsync()
    {
        _isEnded = true;
        await Target.FinishAsync(CancellationToken.None);
        await Target.Site.ByeAsync(CancellationToken.None);
        await Clone.ByeAsync(CancellationToken.None);
    }

    /// <summary>The site has ended it by itself.</summary>
    public async Task EndWithoutSiteAsync()
    {
        _isEnded = true;
        await Clone.ByeAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (!_isEnded) await EndAsync();
        }
        catch (StepFaultException)
        {
            // The test has failed by something else already, or has ended the restore itself; the next one begins with a clean site if that can be had.
        }

        await Target.DisposeAsync();
        await Clone.DisposeAsync();
        _http.Dispose();
    }
}
