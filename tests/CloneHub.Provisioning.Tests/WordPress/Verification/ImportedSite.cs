using System.Diagnostics;
using System.Globalization;
using CloneHub.Contracts;
using CloneHub.Dev.Servers;
using CloneHub.Dev.WordPress;
using CloneHub.Provisioning.Tests.WordPress.Source;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Provisioning.WordPress.Verification;
using CloneHub.Testing;
using MySqlConnector;

namespace CloneHub.Provisioning.Tests.WordPress.Verification;

/// <summary>A source site and its clone, imported through the real connector; PHP's own web server answers for the clone.</summary>
public sealed class ImportedSite : IAsyncLifetime
{
    internal const string Username = "cloneadmin";

    private Process? _php;

    internal ServersFixture Servers { get; } = new();

    internal SourceSite Site { get; private set; } = null!;

    internal CloneTarget Target { get; private set; } = null!;

    internal JobSecrets Secrets { get; private set; } = null!;

    internal ContentReport Report { get; private set; } = null!;

    internal List<ContentProgress> Progress { get; } = [];

    internal TimeSpan ImportTime { get; private set; }

    internal HttpMessageInvoker Http { get; } = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });

    public async Task InitializeAsync()
    {
        await Servers.InitializeAsync();
        Site = await Servers.StartSiteAsync();
        await Site.RunPhpAsync(
            "wp_insert_post(['post_type' => 'page', 'post_title' => 'Behind the menu', 'post_name' => 'behind-the-menu', 'post_status' => 'publish']); $menu = wp_create_nav_menu('m');"
            + "foreach (['/behind-the-menu/', '/hello-world/?from=menu'] as $url) wp_update_nav_menu_item($menu, 0, ['menu-item-url' => $url, 'menu-item-title' => $url, 'menu-item-status' => 'publish']);"
            + "$image = get_posts(['post_type' => 'attachment', 'numberposts' => 1])[0];"
            + "wp_insert_attachment(['post_title' => 'Fileless', 'post_mime_type' => 'image/png', 'guid' => wp_get_attachment_url($image->ID)]);",
            CancellationToken.None);
        Secrets = SourceTests.Administrator(Site);
        var port = Ports.Free();
        Target = await NewTargetAsync(port);
        await ImportAsync(Target);
        await ImportAgainAsync();
        await ServeAsync(port);
    }

    public async Task DisposeAsync()
    {
        if (_php is not null)
        {
            _php.StandardInput.Close();
            await _php.WaitForExitAsync();
            _php.Dispose();
        }

        Http.Dispose();
        await Site.DisposeAsync();
    }

    internal ClonePlugin Plugin(HttpClient http) => new(http, Target.PublicUrl, null, Target.Job, Secrets.ConnectorKey, TimeProvider.System);

    internal SiteVerifier Verifier() => new(Http, (address, cancellation) => Http.SendAsync(new HttpRequestMessage(HttpMethod.Get, address), cancellation), TimeProvider.System);

    internal async Task ImportAsync(CloneTarget target, Func<CancellationToken, Task>? ensureFence = null, int attempt = 1)
    {
        var order = new CloneOrder(target.Job, Site.Url, "tests", null);
        await using var channel = await SourceTests.Connector.ConnectAsync(order, Secrets, attempt, CancellationToken.None);
        var watch = Stopwatch.StartNew();
        Report = await SiteImporter.ImportAsync(channel, target, CloneKeys.Of(Secrets), new Recorder(Progress), ensureFence ?? (_ => Task.CompletedTask), CancellationToken.None);
        ImportTime = watch.Elapsed;
        await channel.ByeAsync(CancellationToken.None);
    }

    /// <summary>A second attempt over what the first left, half of it damaged: the state in which a crash leaves a clone.</summary>
    private async Task ImportAgainAsync()
    {
        File.Delete(Path.Combine(Target.Root.FullName, "index.php"));
        File.WriteAllText(Path.Combine(Target.ContentRoot, "leftover.part"), "x");
        await using var connection = new MySqlConnection(Target.DatabaseConnectionString);
        await connection.OpenAsync();
        await using var command = new MySqlCommand("DROP TABLE wp_users; DELETE FROM wp_posts; CREATE TABLE leftover (a INT)", connection);
        await command.ExecuteNonQueryAsync();
        await ImportAsync(Target);
    }

    internal async Task<CloneTarget> NewTargetAsync(int port)
    {
        var connection = await Servers.NewMariaDbDatabaseAsync();
        var builder = new MySqlConnectionStringBuilder(connection);
        var folder = Servers.NewFolder();
        await using var database = new MySqlConnection(connection);
        await database.OpenAsync();
        var user = ServersFixture.Unique("u");
        await using var grant = new MySqlCommand(
            $"CREATE USER {user}@localhost IDENTIFIED BY '{Secrets.DatabasePassword.Reveal()}'; GRANT ALL ON {builder.Database}.* TO {user}@localhost", database);
        await grant.ExecuteNonQueryAsync();
        return new CloneTarget(
            SourceTests.NewJob(), connection, $"localhost:{builder.Server}", builder.Database, user, folder.CreateSubdirectory("root"), folder.CreateSubdirectory("state"),
            await Servers.CoreStoreAsync(), new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/")));
    }

    private async Task ServeAsync(int port)
    {
        // PHP and its workers end when this end of its shell's input is closed, also by the death of the test process.
        var start = new ProcessStartInfo("sh", ["-c", "setsid php -S \"$0\" -t \"$1\" >/dev/null 2>&1 </dev/null & php=$!; read -r _; kill -- -$php", $"127.0.0.1:{port}", Target.Root.FullName])
        {
            RedirectStandardInput = true,
        };
        start.Environment["PHP_CLI_SERVER_WORKERS"] = "4";
        _php = Process.Start(start)!;
        await Eventually.Until("PHP answers for the clone", AnswersAsync, TimeSpan.FromSeconds(20));
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            using var answer = await Http.SendAsync(new HttpRequestMessage(HttpMethod.Get, new Uri(Target.PublicUrl, "readme.html")), CancellationToken.None);
            return true;
        }
        catch (HttpRequestException)
        {
            // It does not listen yet.
            return false;
        }
    }

    private sealed class Recorder(List<ContentProgress> seen) : IProgress<ContentProgress>
    {
        public void Report(ContentProgress value)
        {
            lock (seen) seen.Add(value);
        }
    }
}
