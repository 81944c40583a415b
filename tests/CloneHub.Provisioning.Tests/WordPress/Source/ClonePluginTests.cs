using CloneHub.Contracts;
using CloneHub.Dev.WordPress;
using CloneHub.Provisioning.WordPress;
using CloneHub.Testing;

namespace CloneHub.Provisioning.Tests.WordPress.Source;

/// <summary>The plugin in a clone: here in a site of the test's, with the constants that a clone's wp-config.php has.</summary>
[Trait("Needs", "servers")]
public sealed class ClonePluginTests : IClassFixture<ServersFixture>, IAsyncLifetime, IDisposable
{
    private static readonly HttpClient Http = new();
    private readonly ServersFixture _servers;
    private readonly JobId _job = SourceTests.NewJob();
    private readonly JobSecrets _secrets = SourceTests.Secrets("admin", "");
    private SourceSite _site = null!;
    private ClonePlugin _plugin = null!;

    public ClonePluginTests(ServersFixture servers) => _servers = servers;

    public async Task InitializeAsync()
    {
        using var signer = new CallSigner(_job, _secrets.ConnectorKey, TimeProvider.System);
        _site = await _servers.StartSiteAsync(new SourceSiteOptions
        {
            Name = ServersFixture.Unique("s"),
            Defines = new Dictionary<string, string>
            {
                ["CLONEHUB_JOB_ID"] = $"'{_job}'",
                ["CLONEHUB_PUBLIC_KEY"] = $"'{signer.PublicKey}'",
                ["CLONEHUB_SOURCE_URL"] = "'https://shop.example.com'",
                ["CLONEHUB_STATE_DIR"] = $"'{Path.GetTempPath()}{ServersFixture.Unique("clone")}'",
            },
        });
        CustomMigratorPackage.WriteTo(new DirectoryInfo(Path.Combine(_site.Root.FullName, "wp-content/plugins")));
        await PhpAsync("update_option('active_plugins', ['custom-migrator/custom-migrator.php']);");
        _plugin = new ClonePlugin(Http, _site.Url, null, _job, _secrets.ConnectorKey, TimeProvider.System);
    }

    public async Task DisposeAsync()
    {
        await PhpAsync("exec('rm -rf ' . escapeshellarg(CLONEHUB_STATE_DIR));");
        await _site.DisposeAsync();
    }

    public void Dispose() => _plugin.Dispose();

    [Fact]
    public async Task It_says_whose_clone_it_is()
    {
        var facts = await _plugin.HelloAsync(CancellationToken.None);
        Assert.Equal(CustomMigratorPackage.Version, facts.PluginVersion);
        Assert.Equal(_job.Value, facts.JobId);
        Assert.Equal(_site.Url.AbsoluteUri.TrimEnd('/'), facts.Home);
    }

    [Fact]
    public async Task A_call_of_another_job_is_left_to_WordPress()
    {
        using var stranger = new ClonePlugin(Http, _site.Url, null, SourceTests.NewJob(), _secrets.ConnectorKey, TimeProvider.System);
        Assert.Equal("PLUGIN_SILENT", await SourceTests.FaultOf(() => stranger.HelloAsync(CancellationToken.None)));
    }

    [Fact]
    public async Task An_administrator_is_made_and_made_again()
    {
        foreach (var password in new[] { "first'\"\\ password", "second" })
        {
            var report = await _plugin.AdoptAsync("keeper", "admin@example.org", new Secret(password), CancellationToken.None);
            Assert.Equal("keeper", report.Username);
            Assert.Equal(CustomMigratorPackage.Version, report.Version);
        }

        Assert.Equal("administrator", await PhpAsync("$user = wp_authenticate('keeper', 'second'); echo is_wp_error($user) ? 'refused' : implode($user->roles);"));
        Assert.Equal("2", await PhpAsync("echo count(get_users());"));
    }

    [Fact]
    public async Task An_order_that_comes_twice_is_obeyed_once()
    {
        using var signer = new CallSigner(_job, _secrets.ConnectorKey, TimeProvider.System);
        var body = "{\"username\":\"twice\",\"email\":\"twice@example.org\",\"password\":\"p\"}"u8.ToArray();
        using var first = signer.Sign(_site.Url, "adopt", body);
        using var again = new HttpRequestMessage(HttpMethod.Post, _site.Url) { Content = new ByteArrayContent(body) };
        foreach (var (name, value) in first.Headers) again.Headers.Add(name, value);
        Assert.True((await Http.SendAsync(first)).IsSuccessStatusCode);
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, (await Http.SendAsync(again)).StatusCode);
    }

    [Fact]
    public async Task It_names_pages_media_and_all_links_of_menus()
    {
        await PhpAsync("$menu = wp_create_nav_menu('m'); wp_update_nav_menu_item($menu, 0, ['menu-item-url' => home_url('/x/#y'), 'menu-item-title' => 'x', 'menu-item-status' => 'publish']);"
            + "wp_update_nav_menu_item($menu, 0, ['menu-item-url' => 'https://elsewhere.example/', 'menu-item-title' => 'y', 'menu-item-status' => 'publish']);");
        var urls = await _plugin.UrlsAsync(10, 20, CancellationToken.None);
        Assert.StartsWith(_site.Url.AbsoluteUri, urls.Home, StringComparison.Ordinal);
        Assert.NotEmpty(urls.Pages);
        Assert.All(urls.Pages, page => Assert.StartsWith(_site.Url.AbsoluteUri, page.Url, StringComparison.Ordinal));
        Assert.Contains(new Uri(_site.Url, "/x/").AbsoluteUri, urls.Menus);
        Assert.Contains("https://elsewhere.example/", urls.Menus);
        Assert.NotEmpty(urls.Media);
    }

    [Fact]
    public async Task Mail_goes_to_files_whoever_sends_it()
    {
        // One more sender that waits for its turn in the same filter, as plugins for mail providers do.
        var sent = await PhpAsync("add_filter('pre_wp_mail', fn() => die('SENT'), 20); echo wp_mail('a@example.com', 'Grüße', 'Body', ['X-One: 1']) ? 'kept' : 'lost';");
        Assert.Equal("kept", sent);
        var direct = await PhpAsync("require_once ABSPATH . WPINC . '/PHPMailer/PHPMailer.php'; require_once ABSPATH . WPINC . '/PHPMailer/Exception.php';"
            + "$m = new PHPMailer\\PHPMailer\\PHPMailer(true); $m->setFrom('f@example.com'); $m->addAddress('b@example.com'); $m->Subject = 'Second'; $m->Body = 'Direct';"
            + "do_action_ref_array('phpmailer_init', [&$m]); echo $m->send() ? 'kept' : 'lost';");
        Assert.Equal("kept", direct);
        var mails = await PhpAsync("foreach (glob(CLONEHUB_STATE_DIR . '/mail/*.eml') as $file) echo file_get_contents($file);");
        Assert.Contains("To: a@example.com", mails, StringComparison.Ordinal);
        Assert.Contains("X-One: 1", mails, StringComparison.Ordinal);
        Assert.Contains("To: b@example.com", mails, StringComparison.Ordinal);
        Assert.Contains("Direct", mails, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scheduled_tasks_are_held_and_stay_listed()
    {
        await PhpAsync("wp_schedule_single_event(time() - 60, 'clonehub_test_task');");
        await Http.GetAsync(new Uri(_site.Url, "/wp-cron.php"));
        Assert.Equal("held 1", await PhpAsync("echo [] === wp_get_ready_cron_jobs() && DISABLE_WP_CRON ? 'held ' : 'runs '; echo count(array_filter(_get_cron_array(), fn($hooks) => isset($hooks['clonehub_test_task'])));"));
    }

    [Fact]
    public async Task Search_engines_are_kept_out_and_people_are_told()
    {
        using var page = await Http.GetAsync(_site.Url);
        var html = await page.Content.ReadAsStringAsync();
        Assert.Equal("noindex, nofollow", page.Headers.GetValues("X-Robots-Tag").Single());
        Assert.Contains("noindex", html, StringComparison.Ordinal);
        Assert.Contains("id=\"clonehub-banner\"", html, StringComparison.Ordinal);
        Assert.DoesNotContain("shop.example.com", html, StringComparison.Ordinal);
        Assert.Equal("0", await PhpAsync("echo get_option('blog_public');"));
        Assert.Contains("clonehub-banner", await PhpAsync("do_action('admin_notices');"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_version_is_one_number()
    {
        var folder = new DirectoryInfo(Path.Combine(_site.Root.FullName, "wp-content/plugins/custom-migrator"));
        Assert.Contains($"NUMBER = '{CustomMigratorPackage.Version}'", File.ReadAllText(Path.Combine(folder.FullName, "src/Version.php")), StringComparison.Ordinal);
        Assert.Contains($"Stable tag: {CustomMigratorPackage.Version}", File.ReadAllText(Path.Combine(folder.FullName, "readme.txt")), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(folder.FullName, "src/OnSource")));
    }

    private Task<string> PhpAsync(string code) => _site.RunPhpAsync(code, CancellationToken.None);
}
