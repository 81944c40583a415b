using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Verification;
using MySqlConnector;
using Xunit.Abstractions;

namespace CloneHub.Provisioning.Tests.WordPress.Verification;

[Trait("Needs", "servers")]
public sealed class SiteVerifierTests(ImportedSite site, ITestOutputHelper output) : IClassFixture<ImportedSite>
{
    [Fact]
    public async Task An_imported_site_passes_as_a_copy_of_its_source()
    {
        output.WriteLine($"import: {site.ImportTime.TotalMilliseconds:0} ms, {site.Report.Facts}");
        foreach (var warning in site.Report.Warnings) output.WriteLine(warning);
        var watch = TimeProvider.System.GetTimestamp();
        var report = await site.Verifier().VerifyAsync(await VisitAsync(), Twins.Wide, CancellationToken.None);
        output.WriteLine($"verify: {TimeProvider.System.GetElapsedTime(watch).TotalMilliseconds:0} ms, {report}");
        Assert.True(report.Pages > 0);
        Assert.True(report.Menus > 0);
        Assert.True(report.Media > 0);
        Assert.Empty(report.Warnings);
    }

    [Fact]
    public async Task The_clone_has_the_sources_rows_but_its_own_address_and_no_sessions()
    {
        Assert.Equal(12, site.Report.Facts.Tables);
        Assert.Equal((await site.Site.QueryAsync("SELECT COUNT(*) FROM wp_posts", default))[0][0], await ScalarAsync("SELECT COUNT(*) FROM wp_posts"));
        Assert.Equal(site.Target.PublicAddress, await ScalarAsync("SELECT option_value FROM wp_options WHERE option_name='siteurl'"));
        Assert.Equal(site.Site.Url.AbsoluteUri + "?p=1", await ScalarAsync("SELECT guid FROM wp_posts WHERE ID=1"));
        Assert.StartsWith($"{site.Target.PublicAddress}/wp-content/uploads/", await ScalarAsync("SELECT guid FROM wp_posts WHERE post_title='Fileless'"), StringComparison.Ordinal);
        Assert.Equal("0", await ScalarAsync("SELECT COUNT(*) FROM wp_usermeta WHERE meta_key='session_tokens'"));
        Assert.Equal("0", await ScalarAsync("SELECT COUNT(*) FROM wp_users WHERE user_login LIKE 'clonehub-%'"));
        Assert.Contains("custom-migrator/custom-migrator.php", await ScalarAsync("SELECT option_value FROM wp_options WHERE option_name='active_plugins'"), StringComparison.Ordinal);
        Assert.Equal("0", await ScalarAsync("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA=DATABASE() AND TABLE_NAME='leftover'"));
    }

    [Fact]
    public void The_clone_has_the_sources_files_and_progress_rose()
    {
        Assert.True(File.Exists(Path.Combine(site.Target.Root.FullName, "index.php")));
        Assert.False(File.Exists(Path.Combine(site.Target.ContentRoot, "leftover.part")));
        Assert.DoesNotContain(Directory.EnumerateDirectories(Path.Combine(site.Target.ContentRoot, "plugins")), folder => Path.GetFileName(folder).StartsWith("clonehub-", StringComparison.Ordinal));
        Assert.NotEmpty(site.Progress);
        Assert.All(site.Progress, step => Assert.InRange(step.Fraction, 0, 1));
    }

    [Fact]
    public async Task A_page_that_names_the_source_is_told()
    {
        var escaped = site.Site.Url.AbsoluteUri.Replace("/", "\\/", StringComparison.Ordinal);
        await AssertToldAsync("names the source: http:\\/\\/127.0.0.1", "UPDATE wp_posts SET post_content=CONCAT(post_content, @change) WHERE post_type='post'", $"<p>{escaped}x</p>",
            "UPDATE wp_posts SET post_content=REPLACE(post_content, @change, '') WHERE post_type='post'");
    }

    [Fact]
    public async Task A_wrong_title_is_told() => await AssertToldAsync(
        "is titled", "UPDATE wp_options SET option_value=CONCAT(option_value, @change) WHERE option_name='blogname'", " the Other",
        "UPDATE wp_options SET option_value=REPLACE(option_value, @change, '') WHERE option_name='blogname'");

    [Fact]
    public async Task A_link_of_a_menu_that_leads_to_the_source_is_told() => await AssertToldAsync(
        "a menu leads to the source", "UPDATE wp_postmeta SET meta_value=CONCAT(@change, SUBSTRING(meta_value, 2)) WHERE meta_key='_menu_item_url' AND meta_value LIKE '/hello%'",
        site.Site.Url.AbsoluteUri, "UPDATE wp_postmeta SET meta_value=REPLACE(meta_value, @change, '/') WHERE meta_key='_menu_item_url'");

    [Fact]
    public async Task A_link_of_a_menu_that_is_broken_is_told() => await AssertToldAsync(
        "/behind-the-menu/ answers 404 instead of 200", "UPDATE wp_posts SET post_status=@change WHERE post_type='page' AND post_name='behind-the-menu'", "draft", "UPDATE wp_posts SET post_status='publish' WHERE post_name='behind-the-menu'",
        pages: false);

    [Fact]
    public async Task A_lost_picture_and_a_changed_one_are_told()
    {
        var visit = await VisitAsync();
        string[] pictures = [.. visit.Urls.Media.Take(2).Select(url => Path.Combine(site.Target.Root.FullName, new Uri(url).AbsolutePath.TrimStart('/')))];
        foreach (var picture in pictures) File.Copy(picture, picture + ".away");
        try
        {
            File.Delete(pictures[0]);
            File.AppendAllText(pictures[1], "x");
            var fault = await Assert.ThrowsAsync<StepFaultException>(() => site.Verifier().VerifyAsync(visit, Twins.Wide, CancellationToken.None));
            Assert.Contains("answers 404 instead of 200", fault.Message, StringComparison.Ordinal);
            Assert.Contains("is not the source's file", fault.Message, StringComparison.Ordinal);
        }
        finally
        {
            foreach (var picture in pictures) File.Move(picture + ".away", picture, overwrite: true);
        }
    }

    [Fact]
    public async Task Wrong_credentials_are_told()
    {
        var visit = await VisitAsync() with { Password = new Secret("wrong") };
        var fault = await Assert.ThrowsAsync<StepFaultException>(() => site.Verifier().VerifyAsync(visit, Twins.Wide, CancellationToken.None));
        Assert.Contains("wp-admin", fault.Message, StringComparison.Ordinal);
    }

    /// <param name="pages">Whether pages are visited beside the menus.</param>
    private async Task AssertToldAsync(string expected, string change, string value, string undo, bool pages = true)
    {
        Assert.NotEqual(0, await ExecuteAsync(change, value));
        try
        {
            var visit = await VisitAsync();
            if (!pages) visit = visit with { Urls = visit.Urls with { Pages = [] } };
            var fault = await Assert.ThrowsAsync<StepFaultException>(() => site.Verifier().VerifyAsync(visit, Twins.Wide, CancellationToken.None));
            Assert.Equal("VERIFY_FAILED", fault.Fault.Code);
            Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        }
        finally
        {
            await ExecuteAsync(undo, value);
        }
    }

    private async Task<int> ExecuteAsync(string sql, string value)
    {
        await using var connection = new MySqlConnection(site.Target.DatabaseConnectionString);
        await connection.OpenAsync();
        await using var command = new MySqlCommand(sql, connection);
        command.Parameters.AddWithValue("@change", value);
        return await command.ExecuteNonQueryAsync();
    }

    private async Task<SiteVisit> VisitAsync()
    {
        using var http = new HttpClient();
        using var plugin = site.Plugin(http);
        await plugin.AdoptAsync(ImportedSite.Username, "clone@example.org", site.Secrets.ClonePassword, CancellationToken.None);
        var urls = await plugin.UrlsAsync(40, 80, CancellationToken.None);
        return new SiteVisit(site.Target.PublicUrl, urls.Addresses!, urls, ImportedSite.Username, site.Secrets.ClonePassword, Seed: 1);
    }

    private async Task<string> ScalarAsync(string sql)
    {
        await using var connection = new MySqlConnection(site.Target.DatabaseConnectionString);
        await connection.OpenAsync();
        await using var command = new MySqlCommand(sql, connection);
        return Convert.ToString(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture) ?? "";
    }
}
