using CloneHub.Contracts;
using CloneHub.Provisioning.Database;
using CloneHub.Provisioning.Local;
using CloneHub.Testing;

namespace CloneHub.Provisioning.Tests.Local;

[Trait("Needs", "servers")]
public sealed class LocalBackendTests(ServersFixture servers) : CloneBackendContract, IClassFixture<ServersFixture>, IAsyncLifetime
{
    private LocalStage _stage = null!;

    private protected override ICloneBackend Backend => _stage.Backend;

    private protected override JobSecrets Secrets => _stage.Secrets;

    private protected override string MariaDb => servers.MariaDb;

    public async Task InitializeAsync() => _stage = await LocalStage.OpenAsync(servers);

    public async Task DisposeAsync() => await _stage.DisposeAsync();

    [Fact]
    public async Task A_clone_has_WordPress_core_that_its_PHP_runs()
    {
        var order = await _stage.ServeAsync(("version.php", "<?php require 'wp-includes/version.php'; echo 'WordPress ', $wp_version;"));

        Assert.StartsWith("WordPress 6.", await _stage.GetAsync(order, "/version.php"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PHP_of_a_clone_has_the_promised_limits()
    {
        var order = await _stage.ServeAsync((
            "limits.php",
            "<?php foreach (['upload_max_filesize','memory_limit','max_execution_time','opcache.file_cache'] as $k) echo ini_get($k), ' ';"));

        Assert.Equal($"128M 256M 300 {_stage.PathsOf(order).CompiledCode} ", await _stage.GetAsync(order, "/limits.php"));
    }

    [Fact]
    public async Task Addresses_without_a_file_go_to_WordPress_and_private_files_to_nobody()
    {
        var order = await _stage.ServeAsync(
            ("index.php", "<?php echo 'index ', $_SERVER['REQUEST_URI'];"), ("wp-config.php", "<?php echo 'config';"),
            (".env", "secret"), ("wp-content/uploads/shell.php", "<?php echo 'shell';"), ("wp-content/uploads/a.txt", "text"));

        Assert.Equal("index /2024/a-post/?x=1", await _stage.GetAsync(order, "/2024/a-post/?x=1"));
        Assert.Equal("text", await _stage.GetAsync(order, "/wp-content/uploads/a.txt"));
        foreach (var hidden in (string[])["/wp-config.php", "/.env", "/wp-content/uploads/shell.php"])
            Assert.Contains("404 Not Found", await _stage.GetAsync(order, hidden), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_killed_PHP_is_restarted()
    {
        var order = await _stage.ServeAsync(("alive.php", "<?php echo 'alive';"));
        foreach (var process in PhpFpm.ProcessesOf(_stage.PathsOf(order))) Posix.Signal(process, Posix.Kill);
        await Eventually.Until("PHP is dead", () => PhpFpm.ProcessesOf(_stage.PathsOf(order)).Count == 0);

        await _stage.Supervisor.LookAsync(ask: false, default);
        Assert.Equal("alive", await _stage.GetAsync(order, "/alive.php"));
    }

    [Fact]
    public async Task Only_a_PHP_that_had_to_be_started_counts_as_restarted()
    {
        var order = await _stage.ServeAsync(("alive.php", "<?php echo 'alive';"));
        var php = _stage.Get<PhpFpm>();
        var restart = php.RestartAsync(order.Job, default);
        Assert.False(await php.EnsureAsync(order.Job, default));
        await restart;

        foreach (var process in PhpFpm.ProcessesOf(_stage.PathsOf(order))) Posix.Signal(process, Posix.Kill);
        await Eventually.Until("PHP is dead", () => PhpFpm.ProcessesOf(_stage.PathsOf(order)).Count == 0);
        Assert.True(await php.EnsureAsync(order.Job, default));
    }

    [Fact]
    public async Task A_PHP_whose_master_alone_was_killed_gets_a_new_one()
    {
        var order = await _stage.ServeAsync(("alive.php", "<?php echo 'alive';"));
        Assert.Equal("alive", await _stage.GetAsync(order, "/alive.php"));
        var paths = _stage.PathsOf(order);
        Posix.Signal(Posix.ProcessOf(paths.FpmPid, paths.FpmConfig)!.Value, Posix.Kill);
        await Eventually.Until("the master is dead", () => !_stage.Get<PhpFpm>().IsMasterAlive(order.Job));

        await _stage.Supervisor.LookAsync(ask: false, default);
        Assert.Equal("alive", await _stage.GetAsync(order, "/alive.php"));
        Assert.True(_stage.Get<PhpFpm>().IsMasterAlive(order.Job));
    }

    [Fact]
    public async Task A_killed_nginx_is_restarted()
    {
        var order = await _stage.ServeAsync(("alive.php", "<?php echo 'alive';"));
        Posix.Signal(Posix.ProcessOf(_stage.Layout.NginxPid, _stage.Layout.NginxConfig)!.Value, Posix.Kill);

        await _stage.Supervisor.LookAsync(ask: false, default);
        Assert.Equal("alive", await _stage.GetAsync(order, "/alive.php"));
    }

    [Fact]
    public async Task A_new_program_takes_over_the_processes_of_the_old_one()
    {
        var order = await _stage.ServeAsync(("alive.php", "<?php echo 'alive';"));
        var paths = _stage.PathsOf(order);
        var php = Posix.ProcessOf(paths.FpmPid, paths.FpmConfig);
        var nginx = Posix.ProcessOf(_stage.Layout.NginxPid, _stage.Layout.NginxConfig);

        await _stage.RestartAsync();
        using var supervisor = _stage.Supervisor;
        await supervisor.StartAsync(default);
        await Eventually.Until("the route is open again", () => _stage.Get<CloneRoutes>().IsOpen(order.Job));
        await _stage.Supervisor.LookAsync(ask: true, default);
        await supervisor.StopAsync(default);

        Assert.Equal("alive", await _stage.GetAsync(order, "/alive.php"));
        Assert.Equal(php, Posix.ProcessOf(paths.FpmPid, paths.FpmConfig));
        Assert.Equal(nginx, Posix.ProcessOf(_stage.Layout.NginxPid, _stage.Layout.NginxConfig));
    }

    [Fact]
    public async Task A_removed_clone_leaves_no_process_socket_file_database_or_user()
    {
        var order = await _stage.ServeAsync(("alive.php", "<?php echo 'alive';"));
        await _stage.GetAsync(order, "/alive.php");
        var paths = _stage.PathsOf(order);
        Assert.Equal(["database", "user", "files", "processes", "route"], await PartsAsync(order));

        await Backend.RemoveAsync(order.Token(CloneStep.Remove, 9), default);
        Assert.Empty(await PartsAsync(order));
        Assert.Empty(PhpFpm.ProcessesOf(paths));
        Assert.False(File.Exists(paths.Socket));
        Assert.False(Directory.Exists(paths.Folder));
        Assert.False(_stage.Get<CloneRoutes>().IsOpen(order.Job));
        await _stage.Supervisor.LookAsync(ask: true, default);
        Assert.Empty(PhpFpm.ProcessesOf(paths));
    }

    [Fact]
    public async Task Requests_are_in_the_access_log_of_their_clone_without_their_queries_and_a_long_one_is_kept_short()
    {
        var (order, other) = (await _stage.ServeAsync(("alive.php", "<?php echo 'alive';")), await _stage.ServeAsync());
        await _stage.GetAsync(order, "/alive.php?key=planted");
        await _stage.GetAsync(order, "/a%22%0Ab/" + new string('x', 2_000));

        // nginx writes when it has answered.
        await Eventually.Until("both are written down", async () => (await AccessAsync(order, 1)).Lines[0].Contains("/a%22", StringComparison.Ordinal));
        var lines = (await AccessAsync(order, 2)).Lines;
        Assert.Matches("^[0-9T:+-]{25} 127.0.0.1 \"GET /alive.php\" 200 [0-9]+ [0-9.]+s$", lines[0]);
        Assert.Matches("^[0-9T:+-]{25} 127.0.0.1 \"GET /a%22%0Ab/x{400,500}\" [0-9]{3} ", lines[1]);
        Assert.DoesNotContain((await AccessAsync(other, 100)).Lines, line => line.Contains("alive", StringComparison.Ordinal));

        var log = _stage.Layout.AccessLogOf(order.Job);
        await File.AppendAllTextAsync(log, new string('x', LogTail.Longest) + "\n");
        await _stage.Supervisor.LookAsync(ask: false, default);
        await _stage.GetAsync(order, "/alive.php");
        await Eventually.Until("a new one has begun", () => new FileInfo(log) is { Exists: true, Length: > 0 and < 200 });
        await Backend.RemoveAsync(order.Token(CloneStep.Remove, 9), default);
        Assert.DoesNotContain(Directory.EnumerateFiles(_stage.Layout.AccessLogs), file => file.Contains(order.Job.Value, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_access_log_without_a_clone_is_found_and_removed()
    {
        var order = await _stage.ServeAsync();
        await Backend.RemoveAsync(order.Token(CloneStep.Remove, 8), default);
        await File.WriteAllTextAsync(_stage.Layout.AccessLogOf(order.Job), "a late request\n");

        Assert.Equal(["files"], await PartsAsync(order));
        await Backend.RemoveAsync(order.Token(CloneStep.Remove, 9), default);
        Assert.Empty(await PartsAsync(order));
    }

    [Fact]
    public async Task PHP_of_one_clone_reads_neither_files_nor_database_nor_socket_of_another()
    {
        var other = await _stage.ServeAsync(("wp-config.php", "<?php // secret"));
        var paths = _stage.PathsOf(other);
        var order = await _stage.ServeAsync();
        _stage.Write(order, "pry.php", $$"""
            <?php
            echo @file_get_contents('{{paths.Www}}/wp-config.php') === false ? 'no file, ' : 'FILE, ';
            echo @stream_socket_client('unix://{{paths.Socket}}') === false ? 'no socket, ' : 'SOCKET, ';
            mysqli_report(MYSQLI_REPORT_OFF);
            $db = mysqli_init();
            @$db->real_connect('localhost', '{{CloneDatabase.NameOf(order.Job)}}', '{{Secrets.DatabasePassword.Reveal()}}', '', 0, '{{servers.Servers.MariaDbSocket}}');
            echo @$db->select_db('{{CloneDatabase.NameOf(other.Job)}}') ? 'DATABASE' : (mysqli_connect_errno() ? 'no server' : 'no database');
            """);

        // An ordinary user's clones all run as that user, and no setting of PHP keeps it from a socket.
        var socket = Environment.IsPrivilegedProcess ? "no socket" : "SOCKET";
        Assert.Equal($"no file, {socket}, no database", await _stage.GetAsync(order, "/pry.php"));
    }

    private protected override CloneOrder NewOrder() => _stage.NewOrder();

    private protected override Task<string?> AskAsync(CloneOrder order) => _stage.AskAsync(order);

    private protected override Task<string?> VisitAsync(CloneOrder order) => _stage.VisitAsync(order);

    private protected override Task BreakAsync(CloneOrder order) => _stage.BreakAsync(order);

    private protected override Task RestartAsync() => _stage.RestartAsync();

    private async Task<CloneLog> AccessAsync(CloneOrder order, int lines) =>
        (await Backend.TailLogAsync(order.Job, Secrets, CloneLogKind.Access, lines, default))!;

    private async Task<IReadOnlyList<string>> PartsAsync(CloneOrder order) =>
        (await Backend.ListAsync(default)).SingleOrDefault(clone => clone.Job == order.Job)?.Parts ?? [];
}
