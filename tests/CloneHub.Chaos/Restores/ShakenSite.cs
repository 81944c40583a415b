using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using CloneHub.Dev.Host;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;
using CloneHub.Dev.WordPress;

namespace CloneHub.Chaos.Restores;

/// <summary>A site that gets its clone's content, with a MariaDB of its own, of which PHP and database can be killed.</summary>
internal sealed class ShakenSite : IAsyncDisposable
{
    /// <summary>What changes by being visited, and what the site keeps to itself.</summary>
    private const string Volatile = "option_name LIKE '%\\_transient\\_%' OR option_name LIKE 'clonehub\\_%' OR option_name IN ('cron', 'rewrite_rules', 'active_plugins', 'recently_activated', 'user_count')";

    private readonly PrivateServers _own;
    private readonly HttpClient _visitor = LoopbackHttp.CreateClient(allowAutoRedirect: false);

    private ShakenSite(PrivateServers own, SourceSite site, Breakpoints points)
    {
        (_own, Site, Points) = (own, site, points);
        _visitor.Timeout = TimeSpan.FromSeconds(30);
    }

    public SourceSite Site { get; }

    public Breakpoints Points { get; }

    public static async Task<ShakenSite> OpenAsync(string folder, DirectoryInfo core, DirectoryInfo templates, Leash leash, IProgress<string> progress, CancellationToken ct)
    {
        var own = await PrivateServers.StartAsync(
            new PrivateServersOptions { StateDirectory = folder, Wanted = ServerKinds.MariaDb, Leash = leash, RemoveAtEnd = true, Durable = false }, progress, ct);
        var points = await Breakpoints.OpenAsync(Path.Combine(own.State.FullName, "points"), ct);
        var options = new SourceSiteOptions { Name = "shaken", PhpSettings = new Dictionary<string, string> { ["auto_prepend_file"] = points.Script } };
        return new ShakenSite(own, await SourceSite.StartAsync(own, core, templates, options, progress, ct), points);
    }

    public Task KillPhpAsync(CancellationToken ct) => Site.KillPhpAsync(ct);

    public Task StartPhpAsync(CancellationToken ct) => Site.StartPhpAsync(ct);

    public Task KillDatabaseAsync(CancellationToken ct) => _own.Server(ServerKinds.MariaDb).Process!.EndAsync("KILL", TimeSpan.FromSeconds(20), ct);

    public Task StartDatabaseAsync(CancellationToken ct) => _own.RestartAsync(ServerKinds.MariaDb, "KILL", ct);

    /// <summary>Status and text of the home page; null where nobody answers.</summary>
    public async Task<(HttpStatusCode Status, string Page)?> VisitAsync(CancellationToken ct)
    {
        try
        {
            using var answer = await _visitor.GetAsync(Site.Url, ct);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync(ct));
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is TaskCanceledException && !ct.IsCancellationRequested))
        {
            return null;
        }
    }

    /// <summary>The whole content: every row of every table, and every file that a restore may touch or that lies beside those.</summary>
    public async Task<IReadOnlyDictionary<string, string>> ContentAsync(CancellationToken ct)
    {
        var content = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var table in await Site.QueryAsync("SHOW TABLES LIKE 'wp\\_%'", ct)) content[table[0]!] = await SumAsync(table[0]!, ct);
        var files = Site.Root.EnumerateFiles().Concat(new DirectoryInfo(Path.Combine(Site.Root.FullName, "wp-content")).EnumerateFiles("*", SearchOption.AllDirectories));
        foreach (var file in files.Where(file => !IsOfRestore(file.FullName)))
            content[file.FullName[Site.Root.FullName.Length..]] = $"{Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(file.FullName, ct)))} {file.LastWriteTimeUtc.Ticks}";
        return content;
    }

    /// <summary>What a restore that is over has left at the site.</summary>
    public async Task<IReadOnlyList<string>> LeftAsync(CancellationToken ct)
    {
        var left = (await Leftovers.OnSourceAsync(Site, ct)).ToList();
        left.AddRange((await Site.QueryAsync("SHOW TABLES", ct)).Select(row => row[0]!).Where(name => !name.StartsWith("wp_", StringComparison.Ordinal)).Select(name => $"table {name}"));
        left.AddRange(Site.Root.EnumerateFiles(".maintenance*").Select(file => file.FullName));
        return left;
    }

    public bool IsHeld => Site.Root.EnumerateFiles(".maintenance").Any();

    public async ValueTask DisposeAsync()
    {
        _visitor.Dispose();
        await Site.DisposeAsync();
        await _own.StopAsync(CancellationToken.None);
    }

    private static bool IsOfRestore(string path) =>
        path.Contains("/.clonehub-", StringComparison.Ordinal) || path.Contains("/plugins/clonehub-", StringComparison.Ordinal) || path.Contains("/.maintenance", StringComparison.Ordinal);

    private async Task<string> SumAsync(string table, CancellationToken ct)
    {
        // Options that the site keeps get new numbers in the new table.
        var (columns, where) = table switch
        {
            "wp_options" => ("option_name, option_value, autoload", $" WHERE NOT ({Volatile})"),
            "wp_usermeta" => ("*", " WHERE meta_key <> 'session_tokens'"),
            _ => ("*", ""),
        };
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var rows = await Site.QueryAsync($"SELECT {columns} FROM `{table}`{where} ORDER BY 1", ct);
        foreach (var row in rows) sum.AppendData(Encoding.UTF8.GetBytes(string.Join('\0', row.Select(value => value ?? "\u0001")) + "\n"));
        return string.Create(CultureInfo.InvariantCulture, $"{rows.Count} rows {Convert.ToHexStringLower(sum.GetHashAndReset())}");
    }
}
