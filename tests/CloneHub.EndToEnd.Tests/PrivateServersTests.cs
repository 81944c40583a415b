using System.Net;
using CloneHub.Dev.Host;
using CloneHub.Dev.WordPress;
using CloneHub.Testing;

namespace CloneHub.EndToEnd.Tests;

[Trait("Needs", "servers")]
public sealed class PrivateServersTests(ServersFixture servers) : IClassFixture<ServersFixture>
{
    [Fact]
    public async Task Redis_keeps_every_write_on_disk_before_it_answers()
    {
        using var redis = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync($"{servers.NewRedisDatabase()},allowAdmin=true");
        var settings = await redis.GetServers()[0].ConfigGetAsync("*");
        var values = settings.ToDictionary(pair => pair.Key, pair => pair.Value);
        Assert.Equal(("yes", "always", "noeviction"), (values["appendonly"], values["appendfsync"], values["maxmemory-policy"]));
    }

    [Fact]
    public async Task Every_test_can_have_databases_of_its_own()
    {
        var (first, second) = (await servers.NewPostgreSqlDatabaseAsync(), await servers.NewPostgreSqlDatabaseAsync());
        Assert.NotEqual(first, second);
        await using var connection = new Npgsql.NpgsqlConnection(first);
        await connection.OpenAsync();
        await using var mariaDb = new MySqlConnector.MySqlConnection(await servers.NewMariaDbDatabaseAsync());
        await mariaDb.OpenAsync();
    }

    [Fact]
    public async Task A_source_site_serves_pages_and_lets_its_administrator_in()
    {
        await using var site = await servers.StartSiteAsync();
        using var client = LoopbackHttp.CreateClient(site.Url);

        Assert.Contains("Harbour Lane Bakery", await client.GetStringAsync(site.Url), StringComparison.Ordinal);
        Assert.Contains("Sample Page", await client.GetStringAsync(new Uri(site.Url, "sample-page/")), StringComparison.Ordinal);
        Assert.Contains("wp-admin-bar", await LogInAsync(client, site.AdminUser, site.AdminPassword), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_site_is_made_as_the_test_wants_it()
    {
        await using var site = await servers.StartSiteAsync(new SourceSiteOptions
        {
            Name = ServersFixture.Unique("s"),
            TablePrefix = "x7_",
            MuPlugin = "<?php add_filter('the_title', fn($title) => \"[$title]\");",
            Defines = new Dictionary<string, string> { ["DISALLOW_FILE_MODS"] = "true" },
            PhpSettings = new Dictionary<string, string> { ["memory_limit"] = "64M" },
            Users = [new SiteUser("erika", "p&ss'w\\rd", "editor")],
            BasicAuthentication = new NetworkCredential("gate", "open"),
        });
        using var client = LoopbackHttp.CreateClient(site.Url);

        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync(site.Url)).StatusCode);
        client.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String("gate:open"u8));
        Assert.Contains("[Sample Page]", await client.GetStringAsync(new Uri(site.Url, "sample-page/")), StringComparison.Ordinal);
        Assert.DoesNotContain("login_error", await LogInAsync(client, "erika", "p&ss'w\\rd"), StringComparison.Ordinal);
        Assert.Equal("1", (await site.QueryAsync("SELECT COUNT(*) FROM x7_users WHERE user_login = 'erika'", default))[0][0]);
        Assert.Equal("true", await site.RunPhpAsync("echo json_encode(DISALLOW_FILE_MODS);", default));
    }

    private static async Task<string> LogInAsync(HttpClient client, string user, string password)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "wp-login.php");
        request.Headers.Add("Cookie", "wordpress_test_cookie=WP%20Cookie%20check");
        request.Content = new FormUrlEncodedContent(new Dictionary<string, string> { ["log"] = user, ["pwd"] = password, ["testcookie"] = "1" });
        using var answer = await client.SendAsync(request);
        return await answer.Content.ReadAsStringAsync();
    }
}
