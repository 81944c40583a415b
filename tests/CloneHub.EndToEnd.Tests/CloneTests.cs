using System.Net;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using CloneHub.Dev.Host;
using CloneHub.Dev.WordPress;
using CloneHub.Testing;
using MySqlConnector;

namespace CloneHub.EndToEnd.Tests;

/// <summary>A site with real content, cloned by one call, compared from outside: CloneHub's own verification is not asked.</summary>
[Trait("Needs", "servers")]
public sealed partial class CloneTests(ServersFixture servers) : IClassFixture<ServersFixture>
{
    /// <summary>WordPress keeps what it fetched for a page in the database, when somebody looks at the page.</summary>
    private static readonly (string Table, string Except)[] WhatVisitsChange =
        [("wp_options", "option_name like '%transient%'"), ("wp_postmeta", "meta_key like '\\_oembed\\_%'")];

    [Fact]
    public async Task A_clone_is_the_site_under_another_address()
    {
        await using var site = await servers.StartSiteAsync(new SourceSiteOptions { Name = ServersFixture.Unique("s"), Content = SiteContent.Demo });
        await using var host = await HostProcess.StartAsync(servers);
        var api = new CloneApi(host);
        await AdministratorVisitAsync(site);
        var before = await FingerprintAsync(site);

        var job = await api.RequestAsync(site);
        var result = (await api.WaitAsync(job, "completed")).GetProperty("result");
        var url = new Uri(result.GetProperty("clone_url").GetString()!);

        Assert.Equal("full", result.GetProperty("fidelity").GetString());
        Assert.Equal(before, await FingerprintAsync(site));
        Assert.Empty(await Traces.OnSourceAsync(site));
        await AssertSameRowsAsync(site, job);
        AssertSameUploads(site, host, job);
        await AssertSamePagesAsync(site, url);
        await AssertLogInAsync(url, result.GetProperty("username").GetString()!, result.GetProperty("password").GetString()!);

        await api.RemoveAsync(job);
        await api.WaitUntilRemovedAsync(job);
        Assert.Empty(await new Traces(host, servers).OfCloneAsync(job));
        using var client = LoopbackHttp.CreateClient(url);
        using var gone = await client.GetAsync(new Uri("/", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task An_address_inside_the_site_leads_to_the_site()
    {
        await using var site = await servers.StartSiteAsync();
        await using var host = await HostProcess.StartAsync(servers);
        var api = new CloneApi(host);

        var job = await api.RequestAsync(site, address: new Uri(site.Url, "wp-admin/"));

        await api.WaitAsync(job, "completed");
    }

    [Fact]
    public async Task Twenty_requests_at_once_all_complete()
    {
        await using var site = await servers.StartSiteAsync();
        await using var host = await HostProcess.StartAsync(servers);
        var api = new CloneApi(host);

        var jobs = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => api.RequestAsync(site)));
        foreach (var job in jobs) await api.WaitAsync(job, "completed", TimeSpan.FromMinutes(4));

        Assert.Equal(20, jobs.Distinct().Count());
        Assert.Empty(await Traces.OnSourceAsync(site));
    }

    [Fact]
    public async Task A_repeated_request_with_the_same_key_is_the_same_job_across_a_crash()
    {
        await using var site = await servers.StartSiteAsync();
        await using var host = await HostProcess.StartAsync(servers);
        var api = new CloneApi(host);

        var first = await api.RequestAsync(site, idempotencyKey: "order-17");
        await host.KillAsync();
        await host.StartAsync();

        Assert.Equal(first, await api.RequestAsync(site, idempotencyKey: "order-17"));
        await api.WaitAsync(first, "completed");
    }

    /// <summary>WordPress plans its own chores when an administrator first looks in; that is not what is compared.</summary>
    private static async Task AdministratorVisitAsync(SourceSite site)
    {
        using var client = LoopbackHttp.CreateClient(site.Url);
        await LogInAsync(client, site.AdminUser, site.AdminPassword);
        await client.GetStringAsync(new Uri("wp-admin/plugin-install.php?tab=upload", UriKind.Relative));
        await site.QueryAsync("delete from wp_usermeta where meta_key = 'session_tokens'", CancellationToken.None);
    }

    /// <summary>All that a visitor or an administrator would notice if it changed.</summary>
    private static async Task<string> FingerprintAsync(SourceSite site)
    {
        var tables = (await site.QueryAsync("show tables", CancellationToken.None)).Select(row => row[0]!).ToList();
        var parts = new List<string>();
        foreach (var table in tables)
        {
            var where = WhatVisitsChange.FirstOrDefault(v => v.Table == table).Except is { } except ? $" where not ({except})" : "";
            var columns = await site.QueryAsync(
                $"select concat('cast(`', column_name, '` as char)') from information_schema.columns where table_schema = database() and table_name = '{table}' order by ordinal_position",
                CancellationToken.None);
            var rows = await site.QueryAsync($"select {string.Join(", ", columns.Select(c => c[0]))} from `{table}`{where} order by 1", CancellationToken.None);
            parts.AddRange(rows.Select(row => $"{table}: {string.Join('|', row)}"));
        }

        var files = Directory.EnumerateFiles(site.Root.FullName, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal);
        parts.AddRange(files.Select(file => $"{file}: {HashOf(file)}"));
        return string.Join('\n', parts);
    }

    private async Task AssertSameRowsAsync(SourceSite site, string job)
    {
        var clone = new MySqlConnectionStringBuilder(servers.MariaDb) { Database = $"clone_{job["job-".Length..]}" }.ConnectionString;
        await using var connection = new MySqlConnection(clone);
        await connection.OpenAsync();
        foreach (var table in (await site.QueryAsync("show tables", CancellationToken.None)).Select(row => row[0]!))
        {
            if (table is "wp_users" or "wp_usermeta" or "wp_options") continue;
            var where = WhatVisitsChange.FirstOrDefault(v => v.Table == table).Except is { } except ? $" where not ({except})" : "";
            await using var command = new MySqlCommand($"select count(*) from `{table}`{where}", connection);
            var expected = (await site.QueryAsync($"select count(*) from `{table}`{where}", CancellationToken.None))[0][0];
            Assert.Equal((table, expected), (table, Convert.ToString(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture)));
        }

        // One administrator more, everybody else as they were.
        await using var logins = new MySqlCommand("select group_concat(concat(user_login, ' ', user_email) order by ID separator ',') from wp_users where user_login <> 'clonehub'", connection);
        var source = (await site.QueryAsync("select group_concat(concat(user_login, ' ', user_email) order by ID separator ',') from wp_users", CancellationToken.None))[0][0];
        Assert.Equal(source, await logins.ExecuteScalarAsync());
    }

    private static void AssertSameUploads(SourceSite site, HostProcess host, string job)
    {
        var uploads = Path.Combine(site.Root.FullName, "wp-content", "uploads");
        var clone = Path.Combine(host.State.FullName, "local", "clones", job, "www", "wp-content", "uploads");
        var files = Directory.GetFiles(uploads, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(uploads, f)).Order(StringComparer.Ordinal).ToList();

        Assert.True(files.Count >= 100, $"The site has only {files.Count} uploads.");
        Assert.Equal(files, Directory.GetFiles(clone, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(clone, f)).Order(StringComparer.Ordinal));
        foreach (var file in files) Assert.Equal((file, HashOf(Path.Combine(uploads, file))), (file, HashOf(Path.Combine(clone, file))));
    }

    private static async Task AssertSamePagesAsync(SourceSite site, Uri clone)
    {
        using var client = LoopbackHttp.CreateClient();
        var posts = await site.QueryAsync("select ID from wp_posts where post_status = 'publish' and post_type in ('post', 'page') order by ID limit 40", CancellationToken.None);
        foreach (var path in posts.Select(row => $"?p={row[0]}").Prepend("/"))
        {
            var expected = await client.GetStringAsync(new Uri(site.Url, path));
            var actual = await client.GetStringAsync(new Uri(clone, path));

            Assert.DoesNotContain(site.Url.Authority, actual, StringComparison.OrdinalIgnoreCase);
            Assert.Equal((path, TitleOf(expected)), (path, TitleOf(actual)));
            Assert.Contains("noindex", actual, StringComparison.Ordinal);
        }
    }

    private static async Task AssertLogInAsync(Uri clone, string user, string password)
    {
        using var client = LoopbackHttp.CreateClient(clone);
        await LogInAsync(client, user, password);
        var page = await client.GetStringAsync(new Uri("wp-admin/plugins.php", UriKind.Relative));

        Assert.Contains("custom-migrator", page, StringComparison.Ordinal);
        Assert.DoesNotContain("login_error", page, StringComparison.Ordinal);
    }

    private static async Task LogInAsync(HttpClient client, string user, string password)
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["log"] = user, ["pwd"] = password, ["testcookie"] = "1" });
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("wp-login.php", UriKind.Relative)) { Content = form };
        request.Headers.Add("Cookie", "wordpress_test_cookie=WP%20Cookie%20check");
        using var answer = await client.SendAsync(request);
    }

    private static string TitleOf(string html) => Title().Match(html).Groups[1].Value;

    private static string HashOf(string file)
    {
        using var stream = File.OpenRead(file);
        return Convert.ToHexString(SHA256.HashData(stream));
    }

    [GeneratedRegex("<title>(.*?)</title>", RegexOptions.Singleline)]
    private static partial Regex Title();
}
