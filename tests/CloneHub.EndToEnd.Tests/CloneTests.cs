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
        AssertSameFiles(site, host, job);
        await AssertCertifiedAsync(site, host, job);
        await AssertSamePagesAsync(site, url);
        await AssertSameMenusAsync(site, url);
        await AssertSameMediaAsync(site, url);
        await AssertLogInAsync(url, result.GetProperty("username").GetString()!, result.GetProperty("password").GetString()!);
        await AssertWorkAsync(url, result.GetProperty("username").GetString()!, result.GetProperty("password").GetString()!);

        await AssertLogAsync(host, job, url, result.GetProperty("password").GetString()!);

        await api.RemoveAsync(job);
        await api.WaitUntilRemovedAsync(job);
        Assert.Empty(await new Traces(host, servers).OfCloneAsync(job));
        using var client = LoopbackHttp.CreateClient(url);
        using var gone = await client.GetAsync(new Uri("/", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task A_site_of_ten_thousand_files_arrives_whole()
    {
        await using var site = await servers.StartSiteAsync(new SourceSiteOptions { Name = ServersFixture.Unique("m"), Content = SiteContent.Medium });
        await using var host = await HostProcess.StartAsync(servers);
        var api = new CloneApi(host);
        var files = FilesOf(site.Root.FullName);
        var content = files.Where(file => file.StartsWith("wp-content/", StringComparison.Ordinal)).ToList();
        var images = content.Where(file => file.EndsWith(".jpg", StringComparison.Ordinal) || file.EndsWith(".png", StringComparison.Ordinal)).Sum(file => new FileInfo(Path.Combine(site.Root.FullName, file)).Length);
        Assert.InRange(files.Count, 10_000, 12_000);
        Assert.InRange(content.Count, 5_000, 10_000);
        Assert.InRange(images, 150_000_000, 200_000_000);
        Assert.InRange(await DatabaseBytesAsync(site), 10_000_000, 20_000_000);

        var job = await api.RequestAsync(site);
        var told = (await api.WaitAsync(job, "completed")).GetProperty("result").GetProperty("content");

        Assert.Equal(files.Count, told.GetProperty("files").GetInt32());
        Assert.Empty(await Traces.OnSourceAsync(site));
        await AssertSameRowsAsync(site, job);
        AssertSameFiles(site, host, job);
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

    /// <summary>What the large columns hold; the server itself only guesses how large its tables are.</summary>
    private static async Task<long> DatabaseBytesAsync(SourceSite site) => long.Parse(
        (await site.QueryAsync(
            "select (select sum(length(post_content) + length(guid)) from wp_posts) + (select sum(length(meta_value)) from wp_postmeta) + (select sum(length(option_value)) from wp_options)",
            CancellationToken.None))[0][0]!,
        System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>WordPress plans its own chores when an administrator first looks in; that is not what is compared.</summary>
    internal static async Task AdministratorVisitAsync(SourceSite site)
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

    /// <summary>Core, plugins, themes, uploads: every file is there with the same bytes, and no other beside the clone's own.</summary>
    private static void AssertSameFiles(SourceSite site, HostProcess host, string job)
    {
        var clone = Path.Combine(host.State.FullName, "local", "clones", job, "www");
        var files = FilesOf(site.Root.FullName);

        Assert.True(files.Count(file => file.StartsWith("wp-content/uploads/", StringComparison.Ordinal)) >= 100);
        Assert.True(files.Count(file => file.StartsWith("wp-content/plugins/", StringComparison.Ordinal)) > 10);
        Assert.True(files.Count(file => file.StartsWith("wp-content/themes/", StringComparison.Ordinal)) > 100);
        Assert.True(files.Count(file => file.StartsWith("wp-includes/", StringComparison.Ordinal)) > 1000);
        Assert.Equal(files, FilesOf(clone));
        Assert.DoesNotContain(files, file => HashOf(Path.Combine(site.Root.FullName, file)) != HashOf(Path.Combine(clone, file)));
    }

    private static List<string> FilesOf(string root) =>
    [
        .. Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(root, file))
            .Where(file => file != "wp-config.php" && !file.StartsWith("wp-content/plugins/custom-migrator/", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
    ];

    private static async Task AssertSameMenusAsync(SourceSite site, Uri clone)
    {
        using var client = LoopbackHttp.CreateClient();
        var expected = Menu().Matches(await client.GetStringAsync(site.Url)).Select(link => link.Value.Replace(site.Url.AbsoluteUri, clone.AbsoluteUri, StringComparison.Ordinal)).ToList();

        Assert.True(expected.Count >= 10, $"The home page's menus have only {expected.Count} links.");
        Assert.Equal(expected, Menu().Matches(await client.GetStringAsync(clone)).Select(link => link.Value));
        foreach (var address in expected.Select(link => new Uri(clone, Address().Match(link).Groups[1].Value)).Where(address => address.Authority == clone.Authority).Distinct())
        {
            using var there = await client.GetAsync(new Uri(site.Url, address.PathAndQuery));
            using var here = await client.GetAsync(address);
            Assert.Equal((address, there.StatusCode), (address, here.StatusCode));
        }
    }

    private static async Task AssertSameMediaAsync(SourceSite site, Uri clone)
    {
        using var client = LoopbackHttp.CreateClient();
        var files = await site.QueryAsync("select meta_value from wp_postmeta where meta_key = '_wp_attached_file' order by md5(meta_value) limit 20", CancellationToken.None);
        var equal = 0;
        foreach (var path in files.Select(row => $"wp-content/uploads/{row[0]}"))
        {
            using var there = await client.GetAsync(new Uri(site.Url, path));
            using var here = await client.GetAsync(new Uri(clone, path));
            Assert.Equal((path, there.StatusCode, there.Content.Headers.ContentType?.MediaType), (path, here.StatusCode, here.Content.Headers.ContentType?.MediaType));
            if (!there.IsSuccessStatusCode) continue;
            Assert.Equal(await there.Content.ReadAsByteArrayAsync(), await here.Content.ReadAsByteArrayAsync());
            equal++;
        }

        Assert.True(equal >= 15, $"Only {equal} of {files.Count} media could be compared.");
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

    [GeneratedRegex("<li[^>]*class=\"[^\"]*menu-item[^>]*><a[^>]*>")]
    private static partial Regex Menu();

    [GeneratedRegex("href=\"([^\"]*)\"")]
    private static partial Regex Address();

    [GeneratedRegex("<title>(.*?)</title>", RegexOptions.Singleline)]
    private static partial Regex Title();
}
