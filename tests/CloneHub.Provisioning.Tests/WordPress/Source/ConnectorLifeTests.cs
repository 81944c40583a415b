using System.Text.RegularExpressions;
using CloneHub.Contracts;
using CloneHub.Dev.Host;
using CloneHub.Dev.WordPress;
using CloneHub.Provisioning.WordPress;
using CloneHub.Testing;

namespace CloneHub.Provisioning.Tests.WordPress.Source;

/// <summary>How the connector comes to a site and leaves it, whatever happens in between.</summary>
[Trait("Needs", "servers")]
public sealed class ConnectorLifeTests : IClassFixture<ServersFixture>, IAsyncLifetime
{
    private readonly ServersFixture _servers;
    private SourceSite _site = null!;
    private string _before = "";

    public ConnectorLifeTests(ServersFixture servers) => _servers = servers;

    public async Task InitializeAsync()
    {
        // Application passwords need https, or a site that calls itself local.
        _site = await _servers.StartSiteAsync(new SourceSiteOptions
        {
            Name = ServersFixture.Unique("s"),
            Defines = new Dictionary<string, string> { ["WP_ENVIRONMENT_TYPE"] = "'local'", ["DISABLE_WP_CRON"] = "true" },

            // A language in which no text of WordPress is what it was.
            MuPlugin = "<?php add_filter('gettext', fn($text) => 'Ü' . $text);",
        });

        // The first visits make WordPress put its own house in order; that is not the connector's doing.
        using (var visitor = new HttpClient()) await visitor.GetAsync(_site.Url);
        await using (var channel = await SourceTests.ConnectAsync(_site)) await channel.ByeAsync(CancellationToken.None);
        _before = await SiteState.TakeAsync(_site);
    }

    public async Task DisposeAsync() => await _site.DisposeAsync();

    [Fact]
    public async Task Two_jobs_share_a_source()
    {
        var channels = await Task.WhenAll(SourceTests.ConnectAsync(_site), SourceTests.ConnectAsync(_site));
        var schemas = await Task.WhenAll(channels.Select(channel => channel.SchemaAsync(CancellationToken.None)));
        Assert.All(schemas, schema => Assert.Equal(12, schema.Tables.Count));
        await Task.WhenAll(channels.Select(channel => channel.ByeAsync(CancellationToken.None)));
        foreach (var channel in channels) await channel.DisposeAsync();

        Assert.Equal(_before, await SiteState.TakeAsync(_site));
    }

    /// <summary>A request that has read the list of plugins meets files that are being deleted.</summary>
    [Theory]
    [InlineData("src/OnSource")]
    [InlineData("job.php")]
    public async Task A_visitor_is_served_while_the_connector_is_being_removed(string gone)
    {
        var order = SourceTests.OrderFor(_site.Url);
        await using var channel = await SourceTests.Connector.ConnectAsync(order, SourceTests.Administrator(_site), 1, CancellationToken.None);
        var folder = Path.Combine(_site.Root.FullName, "wp-content/plugins", ConnectorBuild.FolderOf(order.Job, 1));
        var (path, aside) = (Path.Combine(folder, gone), Path.Combine(folder, "aside"));
        Directory.Move(path, aside);
        using var visitor = new HttpClient();

        using var page = await visitor.GetAsync(_site.Url);

        Assert.True(page.IsSuccessStatusCode, $"{page.StatusCode}: {await page.Content.ReadAsStringAsync()}");
        Directory.Move(aside, path);
        await channel.ByeAsync(CancellationToken.None);
    }

    /// <summary>What makes it whole goes first.</summary>
    [Fact]
    public async Task What_is_left_of_a_connector_that_died_while_it_left_goes_with_the_next_visitor()
    {
        var order = SourceTests.OrderFor(_site.Url);
        await using var channel = await SourceTests.Connector.ConnectAsync(order, SourceTests.Administrator(_site), 1, CancellationToken.None);
        var folder = Path.Combine(_site.Root.FullName, "wp-content/plugins", ConnectorBuild.FolderOf(order.Job, 1));
        File.Delete(Path.Combine(folder, "src/autoload.php"));
        using var visitor = new HttpClient();

        using var page = await visitor.GetAsync(_site.Url);

        Assert.True(page.IsSuccessStatusCode, $"{page.StatusCode}: {await page.Content.ReadAsStringAsync()}");
        Assert.False(Directory.Exists(folder));
        Assert.Empty(await _site.QueryAsync("SELECT 1 FROM wp_options WHERE option_name = 'active_plugins' AND option_value LIKE '%clonehub%'", CancellationToken.None));
    }

    [Fact]
    public async Task A_second_attempt_removes_what_a_crashed_one_left()
    {
        var order = SourceTests.OrderFor(_site.Url);
        var secrets = SourceTests.Administrator(_site);
        await using (await SourceTests.Connector.ConnectAsync(order, secrets, 1, CancellationToken.None))
        {
            // The process dies here: nobody says good-bye.
        }

        await using var channel = await SourceTests.Connector.ConnectAsync(order, secrets, 2, CancellationToken.None);
        Assert.Equal([ConnectorBuild.FolderOf(order.Job, 2)], ConnectorFolders());
        Assert.NotEmpty((await channel.SchemaAsync(CancellationToken.None)).Tables);
        await channel.ByeAsync(CancellationToken.None);
        Assert.Equal(_before, await SiteState.TakeAsync(_site));
    }

    /// <summary>The attempt before was cut while WordPress unpacked, and its files go on coming.</summary>
    [Fact]
    public async Task Half_a_connector_is_in_nobodys_way_and_goes_with_the_next()
    {
        var order = SourceTests.OrderFor(_site.Url);
        var late = $"foreach ([1, 3] as $attempt) {{ @mkdir($folder = WP_PLUGIN_DIR . '/{ConnectorBuild.NameOf(order.Job)}-' . $attempt . '/src', 0755, true); file_put_contents(\"$folder/Call.php\", '<?php'); }}";
        await _site.RunPhpAsync(late, CancellationToken.None);

        await using var channel = await SourceTests.Connector.ConnectAsync(order, SourceTests.Administrator(_site), 2, CancellationToken.None);

        Assert.Equal([ConnectorBuild.FolderOf(order.Job, 2), ConnectorBuild.FolderOf(order.Job, 3)], ConnectorFolders());
        await _site.RunPhpAsync(late, CancellationToken.None);
        Assert.Empty(await channel.ByeAsync(CancellationToken.None));
        Assert.Equal([ConnectorBuild.FolderOf(order.Job, 3)], ConnectorFolders());
        await _site.RunPhpAsync($"exec('rm -r ' . escapeshellarg(WP_PLUGIN_DIR . '/{ConnectorBuild.FolderOf(order.Job, 3)}'));", CancellationToken.None);
        Assert.Equal(_before, await SiteState.TakeAsync(_site));
    }

    /// <summary>Half a plugin in two places, and the zip that WordPress would keep for two hours.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_job_that_ends_takes_along_what_its_upload_left_that_was_cut(bool byApplicationPassword)
    {
        var order = SourceTests.OrderFor(_site.Url) with { UploadWasCut = true };
        var (folder, zip) = (ConnectorBuild.FolderOf(order.Job, 1), ConnectorBuild.FolderOf(order.Job, 2) + ".zip");
        await _site.RunPhpAsync(
            $$"""
            foreach ([WP_PLUGIN_DIR, WP_CONTENT_DIR . '/upgrade'] as $parent) { mkdir("$parent/{{folder}}/src", 0755, true); file_put_contents("$parent/{{folder}}/src/Call.php", '<?php'); }
            $zip = wp_upload_bits('{{zip}}', null, 'PK');
            $id = wp_insert_attachment(['post_title' => '{{zip}}', 'post_content' => $zip['url'], 'post_mime_type' => 'application/zip', 'guid' => $zip['url'], 'post_status' => 'private'], $zip['file']);
            wp_schedule_single_event(time() + 7200, 'upgrader_scheduled_cleanup', [$id]);
            """,
            CancellationToken.None);
        Assert.NotEmpty(await Leftovers.OnSourceAsync(_site, CancellationToken.None));
        var secrets = byApplicationPassword
            ? SourceTests.Secrets(_site.AdminUser, await _site.RunPhpAsync("echo WP_Application_Passwords::create_new_application_password(1, ['name' => wp_generate_uuid4()])[0];", CancellationToken.None))
            : SourceTests.Administrator(_site);

        await SourceTests.Connector.LeaveAsync(order, secrets, CancellationToken.None);

        Assert.Empty(await Leftovers.OnSourceAsync(_site, CancellationToken.None));
        Assert.Equal([["0"]], await _site.QueryAsync("SELECT COUNT(*) FROM wp_options WHERE option_name = 'cron' AND option_value LIKE '%upgrader_scheduled_cleanup%'", CancellationToken.None));
        Assert.Equal([["admin"]], await _site.QueryAsync("SELECT user_login FROM wp_users", CancellationToken.None));
    }

    [Fact]
    public async Task A_farewell_that_comes_late_leaves_the_connector_of_the_next_attempt()
    {
        var order = SourceTests.OrderFor(_site.Url);
        var secrets = SourceTests.Administrator(_site);
        await using var first = await SourceTests.Connector.ConnectAsync(order, secrets, 1, CancellationToken.None);
        await using var second = await SourceTests.Connector.ConnectAsync(order, secrets, 2, CancellationToken.None);
        Assert.Empty(await first.ByeAsync(CancellationToken.None));
        Assert.NotEmpty((await second.SchemaAsync(CancellationToken.None)).Tables);
        Assert.Empty(await second.ByeAsync(CancellationToken.None));
        Assert.Equal(_before, await SiteState.TakeAsync(_site));
    }

    [Fact]
    public async Task Leaving_removes_what_a_crashed_attempt_left_and_may_be_repeated()
    {
        var order = SourceTests.OrderFor(_site.Url);
        var secrets = SourceTests.Administrator(_site);
        await using (await SourceTests.Connector.ConnectAsync(order, secrets, 1, CancellationToken.None))
        {
            // The process dies here: nobody says good-bye.
        }

        await SourceTests.Connector.LeaveAsync(order, secrets, CancellationToken.None);
        Assert.Equal(_before, await SiteState.TakeAsync(_site));
        await SourceTests.Connector.LeaveAsync(order, secrets, CancellationToken.None);
    }

    [Fact]
    public async Task A_job_that_forgot_the_log_in_still_leaves()
    {
        var order = SourceTests.OrderFor(_site.Url);
        var secrets = SourceTests.Administrator(_site);
        await using (await SourceTests.Connector.ConnectAsync(order, secrets, 1, CancellationToken.None))
        {
            // The process dies here: nobody says good-bye.
        }

        var forgotten = secrets with { SourceUsername = "", SourcePassword = new Secret("") };
        await SourceTests.Connector.LeaveAsync(order, forgotten, CancellationToken.None);
        Assert.Equal(_before, await SiteState.TakeAsync(_site));
    }

    [Fact]
    public async Task An_attempt_that_cannot_log_in_removes_what_an_earlier_one_left()
    {
        var order = SourceTests.OrderFor(_site.Url);
        var secrets = SourceTests.Administrator(_site);
        await using (await SourceTests.Connector.ConnectAsync(order, secrets, 1, CancellationToken.None))
        {
            // The process dies here: nobody says good-bye.
        }

        var wrong = secrets with { SourcePassword = new Secret("wrong") };
        Assert.Equal("LOGIN_FAILED", await SourceTests.FaultOf(() => SourceTests.Connector.ConnectAsync(order, wrong, 2, CancellationToken.None)));
        Assert.Equal(_before, await SiteState.TakeAsync(_site));
    }

    [Fact]
    public async Task Plugins_are_loaded_in_the_order_they_had()
    {
        await _site.RunPhpAsync("update_option('active_plugins', [3 => 'z/z.php', 5 => 'm/m.php', 6 => 'a/a.php']);", CancellationToken.None);
        foreach (var name in new[] { "z", "m", "a" })
        {
            var folder = Directory.CreateDirectory(Path.Combine(_site.Root.FullName, "wp-content/plugins", name));
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, name + ".php"), $"<?php\n/* Plugin Name: {name} */\n");
        }

        var before = await SiteState.TakeAsync(_site);
        await using (var channel = await SourceTests.ConnectAsync(_site))
        {
            var during = await _site.RunPhpAsync("echo json_encode(array_map(null, array_keys($p = get_option('active_plugins')), array_values($p)));", CancellationToken.None);
            Assert.Matches("""^\[\[\d+,"clonehub-[a-z2-7]{8}-1\\/clonehub-[a-z2-7]{8}-1.php"\],\[3,"z\\/z.php"\],\[5,"m\\/m.php"\],\[6,"a\\/a.php"\]\]$""", during);
            await channel.ByeAsync(CancellationToken.None);
        }

        Assert.Equal(before, await SiteState.TakeAsync(_site));
    }

    [Fact]
    public async Task No_other_plugin_has_the_say_before_the_connector()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_site.Root.FullName, "wp-content/plugins/a"));
        await File.WriteAllTextAsync(
            Path.Combine(folder.FullName, "a.php"), "<?php\n/* Plugin Name: a */\nif (isset($_SERVER['HTTP_X_CLONEHUB_OP'])) { http_response_code(403); exit('Forbidden'); }\n");
        await _site.RunPhpAsync("update_option('active_plugins', ['a/a.php']);", CancellationToken.None);
        await using var channel = await SourceTests.ConnectAsync(_site);
        Assert.NotEmpty((await channel.SchemaAsync(CancellationToken.None)).Tables);
        Assert.Empty(await channel.ByeAsync(CancellationToken.None));
        Assert.Equal([["a:1:{i:0;s:7:\"a/a.php\";}"]], await _site.QueryAsync("SELECT option_value FROM wp_options WHERE option_name = 'active_plugins'", CancellationToken.None));
    }

    [Fact]
    public async Task Leaving_a_source_that_is_gone_is_no_failure() =>
        await SourceTests.Connector.LeaveAsync(
            SourceTests.OrderFor(new Uri("http://127.0.0.1:1/")), SourceTests.Secrets("admin", "secret"), CancellationToken.None);

    [Fact]
    public async Task An_expired_connector_removes_itself_at_anybodys_request()
    {
        await using var channel = await SourceTests.ConnectAsync(_site);
        var job = Assert.Single(Directory.GetFiles(Path.Combine(_site.Root.FullName, "wp-content/plugins"), "job.php", SearchOption.AllDirectories));
        await File.WriteAllTextAsync(job, Regex.Replace(await File.ReadAllTextAsync(job), @"""expires"":\d+", @"""expires"":1000"));
        var main = Path.ChangeExtension(Path.Combine(Path.GetDirectoryName(job)!, Path.GetFileName(Path.GetDirectoryName(job))!), ".php");
        await File.WriteAllTextAsync(main, Regex.Replace(await File.ReadAllTextAsync(main), @"\(int\) '\d+'", "(int) '1000'"));

        using var visitor = new HttpClient();
        Assert.True((await visitor.GetAsync(_site.Url)).IsSuccessStatusCode);
        Assert.Equal(_before, await SiteState.TakeAsync(_site));
    }

    [Fact]
    public async Task An_application_password_does_and_its_helper_goes_with_the_connector()
    {
        var password = await _site.RunPhpAsync(
            "echo WP_Application_Passwords::create_new_application_password(1, ['name' => 'clone'])[0];", CancellationToken.None);
        var order = SourceTests.OrderFor(_site.Url);
        await using var channel = await SourceTests.Connector.ConnectAsync(order, SourceTests.Secrets(_site.AdminUser, password), 1, CancellationToken.None);
        Assert.Equal([["admin"], ["clonehub-" + order.Job.Key[..8]]], await LogInsAsync());
        Assert.NotEmpty((await channel.SchemaAsync(CancellationToken.None)).Tables);
        await channel.ByeAsync(CancellationToken.None);

        Assert.Equal([["admin"]], await LogInsAsync());
        await _site.RunPhpAsync("WP_Application_Passwords::delete_all_application_passwords(1);", CancellationToken.None);
        Assert.Equal(Rows(_before), Rows(await SiteState.TakeAsync(_site)));

        // That application passwords were ever used is an option of WordPress' own, and their list a row of the user.
        static IEnumerable<string> Rows(string state) => state.Split('\n').Where(line =>
            !line.Contains("using_application_passwords", StringComparison.Ordinal) && !line.Contains("_application_passwords", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_redirect_to_the_sites_own_address_is_followed_before_anything_is_posted()
    {
        var posts = 0;
        await using var door = await FakeSite.StartAsync(context =>
        {
            if (context.Request.Method == "POST") posts++;
            context.Response.Redirect(new Uri(_site.Url, context.Request.Path + context.Request.QueryString).AbsoluteUri, permanent: true);
            return Task.CompletedTask;
        });
        await using var channel = await SourceTests.Connector.ConnectAsync(
            SourceTests.OrderFor(new Uri(door.Url, "/wp-admin/")), SourceTests.Administrator(_site), 1, CancellationToken.None);
        Assert.Equal(0, posts);
        await channel.ByeAsync(CancellationToken.None);
    }

    private IEnumerable<string> ConnectorFolders() =>
        Directory.EnumerateDirectories(Path.Combine(_site.Root.FullName, "wp-content/plugins"), "clonehub-*").Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal);

    private async Task<IReadOnlyList<string?[]>> LogInsAsync() => await _site.QueryAsync("SELECT user_login FROM wp_users ORDER BY ID", CancellationToken.None);
}
