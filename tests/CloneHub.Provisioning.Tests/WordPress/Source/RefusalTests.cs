using System.Net;
using CloneHub.Contracts;
using CloneHub.Dev.WordPress;
using CloneHub.Provisioning.WordPress;
using CloneHub.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace CloneHub.Provisioning.Tests.WordPress.Source;

/// <summary>Sites that cannot be cloned, and the name of the reason.</summary>
[Trait("Needs", "servers")]
public sealed class RefusalTests(SourceSiteFixture fixture) : IClassFixture<SourceSiteFixture>
{
    private const string LogInPage = """<form name="loginform" id="loginform" action="/wp-login.php" method="post">{0}</form>""";

    [Fact]
    public async Task A_wrong_password_is_refused_and_changes_nothing()
    {
        await Assert.ThrowsAsync<StepFaultException>(() => ConnectAsync(fixture.Site.Url, "admin", "wrong"));
        var before = await SiteState.TakeAsync(fixture.Site);
        Assert.Equal("LOGIN_FAILED", await FaultOf(fixture.Site.Url, "admin", "wrong"));
        Assert.Equal(before, await SiteState.TakeAsync(fixture.Site));
    }

    [Fact]
    public async Task A_wrong_application_password_is_a_failed_log_in() =>
        Assert.Equal("LOGIN_FAILED", await FaultOf(fixture.Site.Url, "admin", "abcd EFGH 1234 ijkl MNOP 5678"));

    [Fact]
    public async Task An_editor_may_not_install_plugins()
    {
        await fixture.Site.AddUserAsync(new SiteUser("edith", "edit-me", "editor"), CancellationToken.None);
        Assert.Equal("NOT_ADMIN", await FaultOf(fixture.Site.Url, "edith", "edit-me"));
        Assert.Empty(await fixture.Site.QueryAsync("SELECT * FROM wp_usermeta WHERE meta_key = 'session_tokens'", CancellationToken.None));
    }

    [Fact]
    public async Task A_site_that_forbids_installations_says_so()
    {
        await using var site = await StartAsync(("DISALLOW_FILE_MODS", "true"));
        Assert.Equal("FILE_MODS_DISALLOWED", await FaultOf(site));
    }

    [Fact]
    public async Task A_helper_made_in_vain_does_not_stay()
    {
        await using var site = await StartAsync(("WP_ENVIRONMENT_TYPE", "'local'"), ("DISALLOW_FILE_MODS", "true"));
        var password = await site.RunPhpAsync("echo WP_Application_Passwords::create_new_application_password(1, ['name' => 'clone'])[0];", CancellationToken.None);
        Assert.Equal("FILE_MODS_DISALLOWED", await FaultOf(site.Url, site.AdminUser, password));
        Assert.Equal([["admin"]], await site.QueryAsync("SELECT user_login FROM wp_users", CancellationToken.None));
    }

    [Fact]
    public async Task A_site_that_wants_FTP_credentials_keeps_no_copy_of_the_upload()
    {
        await using var site = await StartAsync(("FS_METHOD", "'ftpext'"));
        Assert.Equal("FS_CREDENTIALS_NEEDED", await FaultOf(site));
        await AssertNoUploadAsync(site);
    }

    [Fact]
    public async Task A_read_only_plugins_folder_is_named_and_keeps_no_copy_of_the_upload()
    {
        await using var site = await StartAsync(("FS_METHOD", "'direct'"));
        await site.RunPhpAsync("chmod(WP_PLUGIN_DIR, 0555);", CancellationToken.None);
        Assert.Equal("PLUGINS_DIR_READONLY", await FaultOf(site));
        await AssertNoUploadAsync(site);
    }

    [Fact]
    public async Task A_password_of_the_web_server_is_not_that_of_WordPress()
    {
        await using var site = await fixture.Servers.StartSiteAsync(
            new SourceSiteOptions { Name = ServersFixture.Unique("s"), BasicAuthentication = new NetworkCredential("door", "keeper") });
        Assert.Equal("SOURCE_HTTP_AUTH", await FaultOf(site));
    }

    [Fact]
    public async Task A_pending_database_upgrade_comes_first()
    {
        await using var site = await StartAsync();
        await site.QueryAsync("UPDATE wp_options SET option_value = '10000' WHERE option_name = 'db_version'", CancellationToken.None);
        Assert.Equal("DB_UPGRADE_PENDING", await FaultOf(site));
    }

    [Fact]
    public async Task A_network_of_sites_is_refused()
    {
        await using var site = await StartAsync(("WP_ALLOW_MULTISITE", "true"));
        await site.RunPhpAsync(
            "require ABSPATH . 'wp-admin/includes/upgrade.php'; require ABSPATH . 'wp-admin/includes/network.php'; foreach ($wpdb->tables('ms_global') as $table => $name) $wpdb->$table = $name;"
            + "install_network(); populate_network(1, $_SERVER['HTTP_HOST'], 'admin@example.org', 'Network', '/', false);", CancellationToken.None);
        Assert.Equal([["1"]], await site.QueryAsync("SELECT COUNT(*) FROM wp_blogs", CancellationToken.None));
        var config = Path.Combine(site.Root.FullName, "wp-config.php");
        await File.WriteAllTextAsync(config, (await File.ReadAllTextAsync(config)).Replace(
            "<?php", $"<?php define('MULTISITE', true); define('SUBDOMAIN_INSTALL', false); define('DOMAIN_CURRENT_SITE', '{site.Url.Authority}'); define('PATH_CURRENT_SITE', '/');", StringComparison.Ordinal));
        Assert.Equal("MULTISITE_UNSUPPORTED", await FaultOf(site));
        await AssertNoUploadAsync(site);
    }

    [Fact]
    public async Task A_site_that_is_no_WordPress_is_told_apart()
    {
        await using var site = await FakeSite.WithPageAsync(200, "<html><body>Hello</body></html>");
        Assert.Equal("NOT_WORDPRESS", await FaultOf(site.Url, "admin", "secret"));
    }

    [Fact]
    public async Task A_WordPress_without_log_in_page_hides_it()
    {
        await using var site = await FakeSite.StartAsync(async context =>
        {
            context.Response.StatusCode = context.Request.Path == "/" ? 200 : 404;
            await Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(context.Response, "<link href='/wp-includes/css/style.css'>");
        });
        Assert.Equal("LOGIN_HIDDEN", await FaultOf(site.Url, "admin", "secret"));
    }

    [Fact]
    public async Task A_site_that_is_down_may_come_back()
    {
        var fault = await Assert.ThrowsAsync<StepFaultException>(() => ConnectAsync(new Uri("http://127.0.0.1:1/"), "admin", "secret"));
        Assert.Equal("SOURCE_UNREACHABLE", fault.Fault.Code);
        Assert.True(fault.Fault.Retryable);
    }

    [Theory]
    [InlineData("<input name=\"authcode\" id=\"authcode\">", "LOGIN_2FA")]
    [InlineData("<div class=\"cf-turnstile\"></div>", "LOGIN_CAPTCHA")]
    [InlineData("<div id=\"login_error\">Too many failed login attempts.</div>", "LOGIN_LOCKED")]
    [InlineData("<div id=\"login_error\">Unknown username.</div>", "LOGIN_FAILED")]
    public async Task What_a_log_in_page_asks_for_has_a_name(string field, string code)
    {
        await using var site = await FakeSite.WithPageAsync(200, LogInPage.Replace("{0}", field, StringComparison.Ordinal));
        Assert.Equal(code, await FaultOf(site.Url, "admin", "secret"));
    }

    [Theory]
    [InlineData(200, 1, 0)]
    [InlineData(200, 2, 4)]
    [InlineData(403, 1, 0)]
    [InlineData(403, 2, 4)]
    public async Task A_site_that_refused_a_first_log_in_is_left_alone_and_a_later_one_is_asked_for_leftovers(int status, int attempt, int expected)
    {
        var calls = 0;
        await using var site = await FakeSite.StartAsync(async context =>
        {
            if (context.Request.Headers.ContainsKey("X-CloneHub-Op")) Interlocked.Increment(ref calls);
            context.Response.StatusCode = context.Request.Method == "POST" ? status : 200;
            await Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(context.Response, LogInPage);
        });
        await Assert.ThrowsAsync<StepFaultException>(() => SourceTests.Connector.ConnectAsync(
            SourceTests.OrderFor(site.Url), SourceTests.Secrets("admin", "secret"), attempt, CancellationToken.None));
        Assert.Equal(expected, calls);
    }

    [Theory]
    [InlineData(403, "cf-mitigated", "challenge", "WAF_BLOCKED")]
    [InlineData(202, "SG-Captcha", "challenge", "WAF_BLOCKED")]
    [InlineData(401, "WWW-Authenticate", "Basic realm=\"x\"", "SOURCE_HTTP_AUTH")]
    [InlineData(503, "Retry-After", "60", "SOURCE_UNREACHABLE")]
    public async Task A_wall_in_front_of_the_site_is_recognised(int status, string header, string value, string code)
    {
        await using var site = await FakeSite.WithPageAsync(status, "<html></html>", (header, value));
        Assert.Equal(code, await FaultOf(site.Url, "admin", "secret"));
    }

    [Theory]
    [InlineData("http://127.0.0.1:1/")]
    [InlineData("http://shop.localhost:1/")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://[::ffff:10.0.0.1]/")]
    public async Task An_address_inside_is_never_connected_to(string address)
    {
        var connector = new SourceConnector(new SourceOptions(), TimeProvider.System, NullLogger<SourceConnector>.Instance);
        var order = new CloneOrder(SourceTests.NewJob(), new Uri(address), "tests", null);
        var fault = await SourceTests.FaultOf(() => connector.ConnectAsync(order, SourceTests.Secrets("admin", "secret"), 1, CancellationToken.None));
        Assert.Equal("SOURCE_ADDRESS_REFUSED", fault);
    }

    [Theory]
    [InlineData("http://169.254.169.254/")]
    [InlineData("ftp://127.0.0.1/")]
    public async Task A_redirect_leads_to_no_place_that_could_not_be_given(string target)
    {
        await using var site = await FakeSite.WithPageAsync(302, "", ("Location", target));
        Assert.Equal("SOURCE_ADDRESS_REFUSED", await FaultOf(site.Url, "admin", "secret"));
    }

    private static async Task AssertNoUploadAsync(SourceSite site)
    {
        Assert.Empty(await site.QueryAsync("SELECT post_title FROM wp_posts WHERE post_title LIKE 'clonehub-%'", CancellationToken.None));
        Assert.Empty(Directory.GetFileSystemEntries(site.Root.FullName, "clonehub-*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(site.Root.FullName, path)));
        Assert.Empty(await site.QueryAsync("SELECT * FROM wp_usermeta WHERE meta_key = 'session_tokens'", CancellationToken.None));
    }

    private Task<SourceSite> StartAsync(params (string Name, string Literal)[] defines) => fixture.Servers.StartSiteAsync(
        new SourceSiteOptions { Name = ServersFixture.Unique("s"), Defines = defines.ToDictionary(define => define.Name, define => define.Literal) });

    private static Task<string> FaultOf(SourceSite site) => FaultOf(site.Url, site.AdminUser, site.AdminPassword);

    private static Task<string> FaultOf(Uri source, string username, string password) => SourceTests.FaultOf(() => ConnectAsync(source, username, password));

    private static async Task ConnectAsync(Uri source, string username, string password)
    {
        await using var channel = await SourceTests.Connector.ConnectAsync(
            SourceTests.OrderFor(source), SourceTests.Secrets(username, password), 1, CancellationToken.None);
    }
}
