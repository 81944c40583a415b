using System.Globalization;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;
using MySqlConnector;

namespace CloneHub.Dev.WordPress;

/// <summary>
/// A WordPress site to be cloned: a full tree, a database and a user of its own, its own php-fpm and nginx on a free port of the
/// loopback interface.
/// </summary>
public sealed class SourceSite : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;
    private readonly DirectoryInfo _sockets;
    private readonly SiteDatabase _database;
    private readonly Leash? _leash;
    private readonly List<Daemon> _daemons = [];

    private SourceSite(DirectoryInfo folder, DirectoryInfo sockets, SiteDatabase database, string address, int port, Leash? leash)
    {
        _leash = leash;
        _folder = folder;
        _sockets = sockets;
        _database = database;
        Url = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://{address}:{port}/"));
    }

    public Uri Url { get; }

    public string AdminUser { get; } = "admin";

    public string AdminPassword { get; private set; } = "";

    /// <summary>The document root.</summary>
    public DirectoryInfo Root => new(Path.Combine(_folder.FullName, "www"));

    /// <summary>Logs of the web server and of PHP.</summary>
    public DirectoryInfo Logs => new(Path.Combine(_folder.FullName, "run"));

    /// <summary>Bytes that the site has sent in answer to a POST so far, by its web server's log.</summary>
    public async Task<long> PostedBytesAsync(CancellationToken ct)
    {
        var bytes = 0L;
        await foreach (var line in File.ReadLinesAsync(Path.Combine(Logs.FullName, "access.log"), ct))
        {
            // ... "POST / HTTP/1.1" 200 1234 ...
            var parts = line.Split('"');
            if (parts[1].StartsWith("POST ", StringComparison.Ordinal)) bytes += long.Parse(parts[2].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        }

        return bytes;
    }

    /// <summary>An administrator's connection to the site's database.</summary>
    public string ConnectionString => _database.ConnectionString;

    public static async Task<SourceSite> StartAsync(
        PrivateServers servers, DirectoryInfo core, DirectoryInfo templates, SourceSiteOptions options, IProgress<string> progress, CancellationToken ct)
    {
        var template = await SiteTemplate.EnsureAsync(templates, core, servers, options, progress, ct);
        var folder = servers.State.CreateSubdirectory($"sites/{options.Name}");
        var sockets = servers.Sockets.CreateSubdirectory(options.Name);
        var database = await SiteDatabase.CreateAsync(options.Database ?? servers.MariaDb, $"site_{options.Name}", ct);
        var port = Ports.Free();
        var site = new SourceSite(folder, sockets, database, options.Address, port, servers.Leash) { AdminPassword = await template.AdminPasswordAsync(ct) };
        try
        {
            await Task.WhenAll(
                template.CopyTreeAsync(site.Root.FullName, ct),
                template.LoadAsync(database.ConnectionString, site.Url.Authority, ct));
            await site.ConfigureAsync(options, port, ct);
            foreach (var user in options.Users)
                await site.AddUserAsync(user, ct);
            await site.ServeAsync(ct);
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }

        return site;
    }

    /// <summary>Runs PHP inside the site's WordPress, on the command line, and answers what it printed.</summary>
    /// <param name="code">Statements without an opening tag.</param>
    public Task<string> RunPhpAsync(string code, CancellationToken ct)
    {
        var prelude = $"$_SERVER['HTTP_HOST'] = '{Url.Authority}'; $_SERVER['REQUEST_URI'] = '/'; require '{Root.FullName}/wp-load.php';";
        return Command.RunAsync(
            "php", ["-d", "sendmail_path=/bin/true", "-d", "display_errors=stderr", "-r", $"{prelude} {code}"], new CommandSettings { RunAs = SiteFiles.WebAccount }, ct);
    }

    public Task AddUserAsync(SiteUser user, CancellationToken ct)
    {
        static string Literal(string text) => $"base64_decode('{Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text))}')";
        // WordPress compares the password of its log-in form with slashes added, so it must be stored like that.
        return RunPhpAsync(
            $"$id = wp_create_user({Literal(user.Login)}, wp_slash({Literal(user.Password)}), {Literal($"{user.Login}@example.org")}); (new WP_User($id))->set_role({Literal(user.Role)});",
            ct);
    }

    /// <summary>Runs one query as the administrator and answers its rows as text.</summary>
    public async Task<IReadOnlyList<string?[]>> QueryAsync(string sql, CancellationToken ct)
    {
        await using var connection = new MySqlConnection(new MySqlConnectionStringBuilder(ConnectionString) { ConvertZeroDateTime = true }.ConnectionString);
        await connection.OpenAsync(ct);
        await using var command = new MySqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<string?[]>();
        while (await reader.ReadAsync(ct))
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : Convert.ToString(reader[i], CultureInfo.InvariantCulture))]);
        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_daemons.Select(daemon => daemon.StopAsync(CancellationToken.None)));
        await _database.DropAsync(CancellationToken.None);
        await Command.RunAsync("rm", ["-rf", _folder.FullName, _sockets.FullName], CancellationToken.None);
    }

    /// <summary>Ends the web servers of sites that a killed run left behind.</summary>
    internal static async Task StopAllAsync(DirectoryInfo state, CancellationToken ct)
    {
        var sites = new DirectoryInfo(Path.Combine(state.FullName, "sites"));
        foreach (var site in sites.Exists ? sites.GetDirectories() : [])
        {
            var run = new DirectoryInfo(Path.Combine(site.FullName, "run"));
            foreach (var name in new[] { "nginx", "php-fpm" })
            {
                if (Daemon.Find(name, run) is { } daemon)
                    await daemon.StopAsync(ct);
            }

            await Command.RunAsync("rm", ["-rf", site.FullName], ct);
        }
    }

    private async Task ConfigureAsync(SourceSiteOptions options, int port, CancellationToken ct)
    {
        var run = Logs.FullName;
        Directory.CreateDirectory(run);
        await SiteFiles.WebAccount.CreateDirectoryAsync(Path.Combine(run, "temp"), "0700", ct);
        await SiteFiles.WebAccount.OwnAsync(_sockets.FullName, ct);
        await SiteFiles.WebAccount.WriteSecretAsync(Path.Combine(Root.FullName, "wp-config.php"), SiteFiles.WordPress(options, _database), ct);
        await File.WriteAllTextAsync(Path.Combine(run, "php-fpm.conf"), SiteFiles.PhpFpm(options, run, Socket), ct);
        await File.WriteAllTextAsync(Path.Combine(run, "nginx.conf"), SiteFiles.Nginx(options, Root.FullName, run, Socket, port), ct);
        if (options.BasicAuthentication is { } credential)
            await SiteFiles.WebAccount.WriteSecretAsync(Path.Combine(run, "htpasswd"), $"{credential.UserName}:{{PLAIN}}{credential.Password}\n", ct);
        if (options.MuPlugin is { } source)
        {
            var folder = await SiteFiles.WebAccount.CreateDirectoryAsync(Path.Combine(Root.FullName, "wp-content/mu-plugins"), "0755", ct);
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "extra.php"), source, ct);
        }
    }

    /// <summary>Ends PHP, its workers too, without a farewell.</summary>
    internal async Task KillPhpAsync(CancellationToken ct)
    {
        // It is the first of its session, so that its workers are its group.
        var php = _daemons[0].Process;
        await Command.TryRunAsync("kill", ["-KILL", "--", string.Create(CultureInfo.InvariantCulture, $"-{php.Pid}")], new CommandSettings(), ct);
        await php.WaitForEndAsync(TimeSpan.FromSeconds(15), ct);
        File.Delete(Socket);
    }

    /// <summary>Starts PHP again, once it was killed.</summary>
    internal Task StartPhpAsync(CancellationToken ct)
    {
        _daemons[0] = StartPhp();
        return AwaitAsync(ct);
    }

    private Daemon StartPhp() => Daemon.Start(new DaemonSpec("php-fpm", PhpFpm.Program, ["-F", "-y", Path.Combine(Logs.FullName, "php-fpm.conf")]), Logs, _leash);

    private async Task ServeAsync(CancellationToken ct)
    {
        var run = Logs;
        _daemons.Add(StartPhp());
        _daemons.Add(Daemon.Start(new DaemonSpec("nginx", "nginx", ["-e", Path.Combine(run.FullName, "nginx-errors.log"), "-c", Path.Combine(run.FullName, "nginx.conf")]), run, _leash));
        await AwaitAsync(ct);
    }

    private async Task AwaitAsync(CancellationToken ct)
    {
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        while (!File.Exists(Socket) || !await IsOpenToNginxAsync(ct) || !await Ports.AnswersAsync(Url.Port, ct))
        {
            var dead = _daemons.Find(daemon => !daemon.IsAlive);
            if (dead is not null || clock.GetElapsedTime(started) > TimeSpan.FromSeconds(20))
                throw new SetUpException($"The web server of {Url} did not come up. Its last words:\n{(dead ?? _daemons[^1]).LastWords()}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), clock, ct);
        }
    }

    /// <summary>php-fpm makes its socket first and hands it over to nginx's account then; in between nginx would answer 502.</summary>
    private async Task<bool> IsOpenToNginxAsync(CancellationToken ct) =>
        SiteFiles.WebAccount.Name is not { } name || (await Command.RunAsync("stat", ["-c", "%U", Socket], ct)).Trim() == name;

    private string Socket => Path.Combine(_sockets.FullName, "php.sock");
}
