using CloneHub.Dev.WordPress;
using CloneHub.Testing;

namespace CloneHub.Provisioning.Tests.WordPress.Source;

/// <summary>What an installation that fails half-way leaves on the site, and what it tells of it.</summary>
[Trait("Needs", "servers")]
public sealed class WayBackTests(ServersFixture servers) : IClassFixture<ServersFixture>
{
    /// <summary>A firewall that lets a log-in and an upload through, but no signed call.</summary>
    private const string Firewall = "if (isset($_SERVER['HTTP_X_CLONEHUB_OP'])) { http_response_code(STATUS); exit; }";

    private const string Lost =
        """
        if (strpos($_SERVER['REQUEST_URI'] ?? '', 'update.php') && !get_option('lost')) { update_option('lost', 1); $GLOBALS['wpdb']->query("DELETE FROM wp_usermeta WHERE meta_key = 'session_tokens'"); }
        """;

    private const string Forbidden =
        "add_filter('map_meta_cap', fn($caps, $cap) => in_array($cap, ['delete_user', 'delete_users', 'delete_plugins'], true) ? ['do_not_allow'] : $caps, 10, 2);";

    [Theory]
    [InlineData("503", true)]
    [InlineData("503", false)]
    [InlineData("403", true)]
    [InlineData("403", false)]
    public async Task A_connector_that_cannot_be_reached_is_deleted_by_the_log_in_that_brought_it(string status, bool byApplicationPassword)
    {
        await using var site = await StartAsync(Firewall.Replace("STATUS", status, StringComparison.Ordinal));
        var fault = await FaultAsync(site, byApplicationPassword);
        Assert.Equal("CHANNEL_BLOCKED", fault.Code);
        Assert.DoesNotContain("clonehub-", fault.Hint, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(site.Root.FullName, "clonehub-*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(site.Root.FullName, path)));
        Assert.Equal([["admin"]], await site.QueryAsync("SELECT user_login FROM wp_users", CancellationToken.None));
        Assert.Equal([["a:0:{}"]], await site.QueryAsync("SELECT option_value FROM wp_options WHERE option_name = 'active_plugins'", CancellationToken.None));
        Assert.Empty(await site.QueryAsync("SELECT * FROM wp_usermeta WHERE meta_key = 'session_tokens'", CancellationToken.None));
    }

    /// <summary>Another clone of the site logs in or out as the same user at the wrong moment.</summary>
    [Fact]
    public async Task A_session_that_is_lost_before_the_upload_is_begun_anew()
    {
        await using var site = await StartAsync(Lost);
        await using (var channel = await SourceTests.ConnectAsync(site)) await channel.ByeAsync(CancellationToken.None);

        Assert.Equal([["1"]], await site.QueryAsync("SELECT option_value FROM wp_options WHERE option_name = 'lost'", CancellationToken.None));
        Assert.Empty(Directory.GetFileSystemEntries(site.Root.FullName, "clonehub-*", SearchOption.AllDirectories));
        Assert.Empty(await site.QueryAsync("SELECT * FROM wp_usermeta WHERE meta_key = 'session_tokens'", CancellationToken.None));
    }

    [Fact]
    public async Task An_administrator_and_a_plugin_that_the_site_does_not_let_go_are_named()
    {
        await using var site = await StartAsync(Firewall.Replace("STATUS", "503", StringComparison.Ordinal) + Forbidden);
        var order = SourceTests.OrderFor(site.Url);
        var fault = await FaultAsync(site, byApplicationPassword: true, order);
        var name = "clonehub-" + order.Job.Key[..8];
        Assert.Equal("CHANNEL_BLOCKED", fault.Code);
        Assert.Contains($"The administrator {name} stays on the site", fault.Hint, StringComparison.Ordinal);
        Assert.Equal([["admin"], [name]], await site.QueryAsync("SELECT user_login FROM wp_users ORDER BY ID", CancellationToken.None));

        // The next attempt finds the site more willing, and takes over what the first one left.
        File.Delete(Directory.GetFiles(Path.Combine(site.Root.FullName, "wp-content/mu-plugins")).Single());
        await using (var channel = await SourceTests.Connector.ConnectAsync(order, await PasswordAsync(site, byApplicationPassword: true), 2, CancellationToken.None))
            await channel.ByeAsync(CancellationToken.None);
        Assert.Equal([["admin"]], await site.QueryAsync("SELECT user_login FROM wp_users", CancellationToken.None));
    }

    [Fact]
    public async Task Leaving_deletes_an_administrator_whose_connector_is_not_there()
    {
        await using var site = await StartAsync("");
        var order = SourceTests.OrderFor(site.Url);
        var name = "clonehub-" + order.Job.Key[..8];
        await site.AddUserAsync(new SiteUser(name, "secret", "administrator"), CancellationToken.None);
        await SourceTests.Connector.LeaveAsync(order, await PasswordAsync(site, byApplicationPassword: true), CancellationToken.None);
        Assert.Equal([["admin"]], await site.QueryAsync("SELECT user_login FROM wp_users", CancellationToken.None));
    }

    private Task<SourceSite> StartAsync(string rules) => servers.StartSiteAsync(new SourceSiteOptions
    {
        Name = ServersFixture.Unique("s"),
        Defines = new Dictionary<string, string> { ["WP_ENVIRONMENT_TYPE"] = "'local'" },
        MuPlugin = "<?php " + rules,
    });

    private static async Task<Contracts.StepFault> FaultAsync(SourceSite site, bool byApplicationPassword, Contracts.CloneOrder? order = null)
    {
        var secrets = await PasswordAsync(site, byApplicationPassword);
        var trouble = await Assert.ThrowsAsync<StepFaultException>(
            () => SourceTests.Connector.ConnectAsync(order ?? SourceTests.OrderFor(site.Url), secrets, 1, CancellationToken.None));
        return trouble.Fault;
    }

    private static async Task<Contracts.JobSecrets> PasswordAsync(SourceSite site, bool byApplicationPassword) => byApplicationPassword
        ? SourceTests.Secrets(site.AdminUser, await site.RunPhpAsync("echo WP_Application_Passwords::create_new_application_password(1, ['name' => wp_generate_uuid4()])[0];", CancellationToken.None))
        : SourceTests.Administrator(site);
}
