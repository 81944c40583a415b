using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CloneHub.Dev.WordPress;
using CloneHub.Testing;
using MySqlConnector;

namespace CloneHub.EndToEnd.Tests;

/// <summary>What was worked in a clone is brought back to its site, and taken back again; the site earns something meanwhile.</summary>
[Trait("Needs", "servers")]
public sealed class RestoreTests(SourceSiteFixture source) : IClassFixture<SourceSiteFixture>
{
    private const string Old = "Hello world!";
    private const string New = "Worked in the clone";

    private static readonly string[] Comments = ["wp_comments", "wp_commentmeta"];

    [Fact]
    public async Task A_site_gets_its_clones_work_and_has_its_own_back_when_it_is_undone()
    {
        await using var host = await HostProcess.StartAsync(source.Servers);
        var api = new CloneApi(host);
        await CloneTests.AdministratorVisitAsync(source.Site);
        await ShowsAsync(Old);
        var clone = await api.RequestAsync(source.Site);
        await api.WaitAsync(clone, "completed");
        await InCloneAsync(clone, $"update wp_posts set post_title = '{New}' where ID = 1");

        var plan = (await api.WaitAsync(await RestoreAsync(host, clone, new { dry_run = true }), "completed")).GetProperty("restore").GetProperty("plan");
        Assert.Empty(plan.GetProperty("obstacles").EnumerateArray());
        Assert.DoesNotContain(plan.GetProperty("drift").EnumerateArray(), drift => !drift.GetProperty("stays").GetBoolean());
        Assert.Contains("wp_posts", plan.GetProperty("tables").EnumerateArray().Select(table => table.GetProperty("name").GetString()));

        await source.Site.QueryAsync(
            "insert into wp_comments (comment_post_ID, comment_author, comment_content, comment_date, comment_date_gmt, comment_approved) values (1, 'A visitor', 'Meanwhile', now(), utc_timestamp(), '1')",
            CancellationToken.None);
        var refused = await EndAsync(api, await RestoreAsync(host, clone, new { }));
        Assert.Equal("TARGET_CHANGED", refused.GetProperty("error").GetProperty("code").GetString());
        Assert.Contains("comments in wp_comments", refused.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        await ShowsAsync(Old);

        var job = await RestoreAsync(host, clone, new { on_drift = "keep_tables", keep_tables = Comments });
        var restored = (await api.WaitAsync(job, "completed", 2 * CloneApi.Patience)).GetProperty("restore");
        await ShowsAsync(New);
        Assert.Equal(("1", source.Site.Url.AbsoluteUri.TrimEnd('/')), (await OneAsync("select count(*) from wp_comments where comment_content = 'Meanwhile'"), await OneAsync("select option_value from wp_options where option_name = 'siteurl'")));
        Assert.True(restored.TryGetProperty("undo_until", out _), restored.ToString());

        using (var undone = await host.Client.PostAsync(new Uri($"api/v2/jobs/{job}/rollback", UriKind.Relative), null)) Assert.Equal(HttpStatusCode.Accepted, undone.StatusCode);
        await Eventually.Until("the site has its old content again", async () => (await api.StatusAsync(job)).GetProperty("restore").TryGetProperty("rolled_back_at", out _), CloneApi.Patience);
        await ShowsAsync(Old);
        await Eventually.Until("nothing is left at the site", async () => (await Traces.OnSourceAsync(source.Site)).Count == 0, CloneApi.Patience);
        Assert.Empty(await source.Site.QueryAsync("show tables where tables_in_" + await OneAsync("select database()") + " not like 'wp\\_%'", CancellationToken.None));
    }

    /// <summary>A visitor sees it, and no maintenance page.</summary>
    private async Task ShowsAsync(string title)
    {
        using var visitor = new HttpClient();
        using var answer = await visitor.GetAsync(new Uri(source.Site.Url, "?p=1"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains(title, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private Task<string> RestoreAsync(HostProcess host, string clone, object options) => RequestAsync(host, source.Site, clone, options);

    internal static async Task<string> RequestAsync(HostProcess host, SourceSite site, string clone, object options)
    {
        var body = new Dictionary<string, object?>
        {
            ["source_job_id"] = clone,
            ["target_url"] = site.Url,
            ["target_username"] = site.AdminUser,
            ["target_password"] = site.AdminPassword,
        };
        foreach (var option in options.GetType().GetProperties()) body[option.Name] = option.GetValue(options);
        using var answer = await host.Client.PostAsJsonAsync(new Uri("api/v2/restore", UriKind.Relative), body);
        var accepted = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True(answer.StatusCode == HttpStatusCode.Accepted, accepted.ToString());
        return accepted.GetProperty("job_id").GetString()!;
    }

    private static async Task<JsonElement> EndAsync(CloneApi api, string job)
    {
        JsonElement last = default;
        await Eventually.Until(
            $"{job} has ended",
            async () => (last = await api.StatusAsync(job)).GetProperty("status").GetString() is not ("pending" or "running"),
            CloneApi.Patience);
        return last;
    }

    private async Task<string?> OneAsync(string sql) => (await source.Site.QueryAsync(sql, CancellationToken.None))[0][0];

    private async Task InCloneAsync(string job, string sql)
    {
        var clone = new MySqlConnectionStringBuilder(source.Servers.MariaDb) { Database = $"clone_{job["job-".Length..]}" }.ConnectionString;
        await using var connection = new MySqlConnection(clone);
        await connection.OpenAsync();
        await using var command = new MySqlCommand(sql, connection);
        Assert.Equal(1, await command.ExecuteNonQueryAsync());
    }
}
