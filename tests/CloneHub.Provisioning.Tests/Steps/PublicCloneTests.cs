using System.Diagnostics;
using System.Globalization;
using CloneHub.Contracts;
using CloneHub.Dev.WordPress;
using CloneHub.Provisioning.FrontDoor;
using CloneHub.Provisioning.Local;
using CloneHub.Provisioning.Tests.FrontDoor;
using CloneHub.Provisioning.Tests.Local;
using CloneHub.Provisioning.Tests.WordPress.Source;
using CloneHub.Testing;
using MySqlConnector;
using Xunit.Abstractions;

namespace CloneHub.Provisioning.Tests.Steps;

/// <summary>All steps without credentials, from a real site with content to a clone that serves what the site publishes.</summary>
[Trait("Needs", "servers")]
public sealed class PublicCloneTests(ServersFixture servers, ITestOutputHelper output) : IClassFixture<ServersFixture>
{
    private const string Arrange = """
        update_option('blogname', 'Brot & Bäckerei'); update_option('blogdescription', 'Seit 1931 – täglich'); update_option('timezone_string', 'Europe/Berlin');
        $posts = get_posts(['numberposts' => 4, 'orderby' => 'ID', 'order' => 'ASC']);
        stick_post($posts[0]->ID);
        $parent = wp_insert_comment(['comment_post_ID' => $posts[1]->ID, 'comment_author' => 'Ada', 'comment_content' => 'First', 'comment_approved' => 1]);
        wp_insert_comment(['comment_post_ID' => $posts[1]->ID, 'comment_author' => 'Bob', 'comment_content' => 'Answer', 'comment_approved' => 1, 'comment_parent' => $parent]);
        wp_insert_comment(['comment_post_ID' => $posts[1]->ID, 'comment_author' => 'Spam', 'comment_content' => 'held back', 'comment_approved' => 0]);
        wp_insert_post(['post_title' => 'A draft nobody sees', 'post_content' => 'secret', 'post_status' => 'draft', 'post_date' => '2024-02-02 10:00:00', 'post_date_gmt' => '2024-02-02 09:00:00', 'edit_date' => true]);
        wp_insert_post(['post_title' => 'Members only', 'post_content' => 'behind a password', 'post_status' => 'publish', 'post_password' => 'knock']);
        $page = get_posts(['post_type' => 'page', 'numberposts' => 1, 'orderby' => 'ID', 'order' => 'ASC'])[0]->ID;
        $news = wp_insert_post(['post_type' => 'page', 'post_title' => 'News', 'post_status' => 'publish']);
        update_option('show_on_front', 'page'); update_option('page_on_front', $page); update_option('page_for_posts', $news);
        """;

    private const string Portfolio = """
        <?php add_action('init', static function () {
            register_post_type('work', ['public' => true, 'show_in_rest' => true, 'label' => 'Works', 'supports' => ['title']]);
            if (!get_page_by_path('one', OBJECT, 'work')) wp_insert_post(['post_type' => 'work', 'post_title' => 'One', 'post_name' => 'one', 'post_status' => 'publish']);
        });
        """;

    private static readonly CloneStep[] UntilItServes =
        [CloneStep.CreateDatabase, CloneStep.StartPod, CloneStep.ImportContent, CloneStep.ImportContent, CloneStep.ActivatePlugin, CloneStep.OpenIngress];

    [Fact]
    public async Task What_a_site_publishes_is_cloned_without_credentials()
    {
        await using var site = await servers.StartSiteAsync(new SourceSiteOptions { Name = ServersFixture.Unique("p"), Content = SiteContent.Demo, MuPlugin = Portfolio });
        await site.RunPhpAsync(Arrange, default);
        var before = await SiteState.TakeAsync(site);
        await using var stage = await LocalStage.OpenAsync(servers);
        stage.Secrets = stage.Secrets with { SourceUsername = "", SourcePassword = new Secret("") };
        await using var door = await PublicDoor.OpenAsync(stage);
        var order = stage.NewOrder(site.Url) with { Fidelity = CloneFidelity.Public };

        var fence = 0;
        var facts = new List<StepFacts>();
        foreach (var step in UntilItServes) facts.Add(await RunAsync(stage, order, step, ++fence));

        await AssertSameContentAsync(site, stage, order);
        await AssertNoTraceOfSourceAsync(site, stage, order);
        AssertSameMedia(site, stage.PathsOf(order));
        Assert.Contains(facts[2].Warnings, warning => warning.Contains("Members only", StringComparison.Ordinal));
        Assert.Contains(facts[2].Warnings, warning => warning.EndsWith(": Works (1)", StringComparison.Ordinal));
        Assert.Equal(facts[2].Content, facts[3].Content);
        await AssertServedAsync(stage, site, facts[^1].CloneUrl!);

        // Read by GET, named, each file once, and nothing left behind.
        Assert.Equal(Lasting(before), Lasting(await SiteState.TakeAsync(site)));
        var visits = await VisitsAsync(site);
        Assert.All(visits, visit => Assert.Contains("\"GET ", visit, StringComparison.Ordinal));
        Assert.All(visits, visit => Assert.Contains("CloneHub/", visit, StringComparison.Ordinal));
        Assert.True(visits.Count(visit => visit.Contains("-160x120.jpg", StringComparison.Ordinal)) <= 120, "Files were fetched by both imports.");
        output.WriteLine($"{visits.Count} requests to the source");

        await RunAsync(stage, order, CloneStep.Remove, ++fence);
        Assert.DoesNotContain(await stage.Backend.ListAsync(default), clone => clone.Job == order.Job);
    }

    private static async Task AssertSameContentAsync(SourceSite site, LocalStage stage, CloneOrder order)
    {
        const string Public = "(post_status = 'publish' AND post_type IN ('post', 'page') OR post_type = 'attachment')";
        foreach (var sql in (string[])
        [
            $"SELECT ID, post_type, post_name, post_parent, post_date, post_date_gmt, post_modified_gmt, menu_order, comment_status, post_author, post_status FROM wp_posts WHERE {Public} ORDER BY ID",
            "SELECT t.term_id, t.slug, t.name, taxonomy, parent, count FROM wp_terms t JOIN wp_term_taxonomy x ON x.term_id = t.term_id WHERE taxonomy IN ('category', 'post_tag') ORDER BY t.term_id",
            "SELECT r.object_id, x.term_id, x.taxonomy FROM wp_term_relationships r JOIN wp_term_taxonomy x ON x.term_taxonomy_id = r.term_taxonomy_id JOIN wp_posts p ON p.ID = r.object_id "
                + "WHERE taxonomy IN ('category', 'post_tag') AND post_status = 'publish' ORDER BY 1, 2",
            "SELECT comment_ID, comment_post_ID, comment_parent, comment_author, comment_date_gmt FROM wp_comments JOIN wp_posts ON ID = comment_post_ID "
                + "WHERE comment_approved = '1' AND comment_type = 'comment' AND post_password = '' ORDER BY comment_ID",
            $"SELECT post_id, meta_value FROM wp_postmeta JOIN wp_posts ON ID = post_id WHERE {Public} AND meta_key IN ('_thumbnail_id', '_wp_attached_file') ORDER BY 1, 2",
            "SELECT option_name, option_value FROM wp_options WHERE option_name IN ('blogname', 'blogdescription', 'timezone_string', 'permalink_structure', 'show_on_front', 'page_on_front', "
                + "'page_for_posts', 'site_icon') ORDER BY 1",
            "SELECT menu_order, k.meta_value, IF(k.meta_value = 'custom', '', o.meta_value), pa.meta_value = '0' FROM wp_posts p "
                + "JOIN wp_postmeta k ON k.post_id = ID AND k.meta_key = '_menu_item_type' JOIN wp_postmeta o ON o.post_id = ID AND o.meta_key = '_menu_item_object_id' "
                + "JOIN wp_postmeta pa ON pa.post_id = ID AND pa.meta_key = '_menu_item_menu_item_parent' JOIN wp_term_relationships r ON r.object_id = p.ID "
                + "JOIN wp_term_taxonomy x ON x.term_taxonomy_id = r.term_taxonomy_id JOIN wp_terms t ON t.term_id = x.term_id WHERE t.name = 'Main' ORDER BY menu_order",
        ])
        {
            var expected = await site.QueryAsync(sql, default);
            Assert.NotEmpty(expected);
            Assert.Equal(Lines(expected), Lines(await QueryAsync(stage, order, sql)));
        }

        const string Sticky = "SELECT option_value FROM wp_options WHERE option_name = 'sticky_posts'";
        Assert.Equal(Numbers(await site.QueryAsync(Sticky, default)), Numbers(await QueryAsync(stage, order, Sticky)));
        Assert.Equal([["0"]], await QueryAsync(stage, order, "SELECT COUNT(*) FROM wp_posts WHERE post_content LIKE '%secret%' OR post_content LIKE '%behind a password%'"));
        Assert.Equal([["!"]], await QueryAsync(stage, order, "SELECT DISTINCT user_pass FROM wp_users WHERE user_login <> 'clonehub'"));
    }

    private static async Task AssertNoTraceOfSourceAsync(SourceSite site, LocalStage stage, CloneOrder order)
    {
        foreach (var (table, columns) in ((string, string)[])
        [
            ("posts", "post_content, post_title, post_excerpt, guid"), ("postmeta", "meta_value"), ("options", "option_value"), ("comments", "comment_content, comment_author_url"),
            ("term_taxonomy", "description"), ("users", "user_url"), ("usermeta", "meta_value"),
        ])
            Assert.Equal([["0"]], await QueryAsync(stage, order, $"SELECT COUNT(*) FROM wp_{table} WHERE CONCAT_WS(' ', {columns}) LIKE '%{site.Url.Authority}%'"));
    }

    private static void AssertSameMedia(SourceSite site, ClonePaths clone)
    {
        var copies = Directory.GetFiles(Path.Combine(clone.Content, "uploads"), "*", SearchOption.AllDirectories);
        Assert.True(copies.Length > 300, $"Only {copies.Length} files came.");
        foreach (var copy in copies)
        {
            var original = Path.Combine(site.Root.FullName, "wp-content/uploads", Path.GetRelativePath(Path.Combine(clone.Content, "uploads"), copy));
            Assert.Equal(File.ReadAllBytes(original), File.ReadAllBytes(copy));
        }
    }

    private static async Task AssertServedAsync(LocalStage stage, SourceSite site, Uri clone)
    {
        var http = stage.Get<PublicRoute>().Http;
        var home = await http.GetStringAsync(clone);
        Assert.Contains("Brot &amp; Bäckerei", home, StringComparison.Ordinal);
        Assert.Contains("custom-logo", home, StringComparison.Ordinal);
        Assert.Contains("primary-menu-list", home, StringComparison.Ordinal);

        // The same path, the same words, the same picture.
        var link = (await site.RunPhpAsync("echo get_permalink(get_posts(['numberposts' => 1, 's' => 'Rye at dawn'])[0]);", default))[site.Url.AbsoluteUri.Length..];
        var page = await http.GetStringAsync(new Uri(clone, link));
        Assert.Contains("of our loaves is made of 100 % rye", page, StringComparison.Ordinal);
        Assert.Contains($"src=\"{clone}wp-content/uploads/", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<p></p>", page, StringComparison.Ordinal);
    }

    private async Task<StepFacts> RunAsync(LocalStage stage, CloneOrder order, CloneStep step, long fence)
    {
        var started = Stopwatch.GetTimestamp();
        var facts = await stage.Steps.Single(each => each.Kind == step).RunAsync(order.Token(step, fence), order, new Progress<ContentProgress>(), default);
        output.WriteLine($"{step}: {Stopwatch.GetElapsedTime(started).TotalMilliseconds:0} ms {facts.Content}\n  {string.Join("\n  ", facts.Warnings)}");
        return facts;
    }

    private static async Task<List<string>> VisitsAsync(SourceSite site) =>
        [.. await File.ReadAllLinesAsync(Path.Combine(site.Logs.FullName, "access.log"))];

    private static async Task<IReadOnlyList<string?[]>> QueryAsync(LocalStage stage, CloneOrder order, string sql)
    {
        await using var connection = new MySqlConnection(new MySqlConnectionStringBuilder(stage.ConnectionStringOf(order, stage.Secrets)) { ConvertZeroDateTime = true }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new MySqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string?[]>();
        while (await reader.ReadAsync())
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : Convert.ToString(reader[i], CultureInfo.InvariantCulture))]);
        return rows;
    }

    /// <summary>WordPress remembers what an embed looked like whenever a post is shown, to whomever.</summary>
    private static string[] Lasting(string state) => [.. state.Split('\n').Where(line => !line.Contains("|_oembed_", StringComparison.Ordinal))];

    /// <summary>The values of a list that PHP wrote; WordPress does not care for their order.</summary>
    private static List<string> Numbers(IEnumerable<string?[]> rows) =>
        [.. rows.Single()[0]!.Split('{', ';', '}').Where(part => part.StartsWith("i:", StringComparison.Ordinal)).Where((_, at) => at % 2 == 1).Order(StringComparer.Ordinal)];

    private static List<string> Lines(IEnumerable<string?[]> rows) => [.. rows.Select(row => string.Join(" | ", row))];
}
