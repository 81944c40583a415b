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
        var report = await site.Verifier().VerifyAsync(await VisitAsync(), CancellationToken.None);
        output.WriteLine($"verify: {TimeProvider.System.GetElapsedTime(watch).TotalMilliseconds:0} ms, {report}");
        Assert.True(report.Pages > 0);
        Assert.True(report.Media > 0);
    }

    [Fact]
    public async Task The_clone_has_the_sources_rows_but_its_own_address_and_no_sessions()
    {
        Assert.Equal(12, site.Report.Facts.Tables);
        Assert.Equal((await site.Site.QueryAsync("SELECT COUNT(*) FROM wp_posts", default))[0][0], await ScalarAsync("SELECT COUNT(*) FROM wp_posts"));
        Assert.Equal(site.Target.PublicAddress, await ScalarAsync("SELECT option_value FROM wp_options WHERE option_name='siteurl'"));
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
        Assert.DoesNotContain(Directory.EnumerateDirectories(Path.Combine(site.Target.ContentRoot, "plugins")), folder => folder.Contains("clonehub-", StringComparison.Ordinal));
        Assert.NotEmpty(site.Progress);
        Assert.All(site.Progress, step => Assert.InRange(step.Fraction, 0, 1));
    }

    [Fact]
    public async Task A_page_that_names_the_source_a_wrong_title_and_a_lost_picture_are_told()
    {
        var visit = await VisitAsync();
        var name = await ScalarAsync("SELECT option_value FROM wp_options WHERE option_name='blogname'");
        var picture = Path.Combine(site.Target.Root.FullName, new Uri(visit.Urls.Media[0]).AbsolutePath.TrimStart('/'));
        await ScalarAsync($"UPDATE wp_options SET option_value='Other {site.Site.Url.AbsoluteUri.Replace("/", "\\\\/", StringComparison.Ordinal)}x' WHERE option_name='blogname'");
        File.Move(picture, picture + ".away");
        try
        {
            var fault = await Assert.ThrowsAsync<StepFaultException>(() => site.Verifier().VerifyAsync(visit, CancellationToken.None));
            Assert.Equal("VERIFY_FAILED", fault.Fault.Code);
            Assert.Contains("is titled", fault.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Move(picture + ".away", picture);
            await ScalarAsync($"UPDATE wp_options SET option_value='{name.Replace("'", "''", StringComparison.Ordinal)}' WHERE option_name='blogname'");
        }
    }

    [Fact]
    public async Task Wrong_credentials_are_told()
    {
        var visit = await VisitAsync() with { Password = new Secret("wrong") };
        var fault = await Assert.ThrowsAsync<StepFaultException>(() => site.Verifier().VerifyAsync(visit, CancellationToken.None));
        Assert.Contains("wp-admin", fault.Message, StringComparison.Ordinal);
    }

    private async Task<SiteVisit> VisitAsync()
    {
        using var http = new HttpClient();
        using var plugin = site.Plugin(http);
        await plugin.AdoptAsync(ImportedSite.Username, "clone@example.org", site.Secrets.ClonePassword, CancellationToken.None);
        var urls = await plugin.UrlsAsync(40, 80, CancellationToken.None);
        return new SiteVisit(site.Target.PublicUrl, site.Site.Url, urls, ImportedSite.Username, site.Secrets.ClonePassword, Seed: 1);
    }

    private async Task<string> ScalarAsync(string sql)
    {
        await using var connection = new MySqlConnection(site.Target.DatabaseConnectionString);
        await connection.OpenAsync();
        await using var command = new MySqlCommand(sql, connection);
        return Convert.ToString(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture) ?? "";
    }
}
