using System.Globalization;
using CloneHub.Contracts;
using CloneHub.Dev.WordPress;
using CloneHub.Provisioning.Tests.FrontDoor;
using CloneHub.Provisioning.Tests.Local;
using CloneHub.Provisioning.Tests.WordPress.Source;
using CloneHub.Testing;
using MySqlConnector;

namespace CloneHub.Provisioning.Tests.Steps;

/// <summary>Public clones of sites that show less than they might, and attempts that do not come to their end.</summary>
[Trait("Needs", "servers")]
public sealed class PublicCloneTroubleTests(ServersFixture servers) : IClassFixture<ServersFixture>, IAsyncLifetime
{
    private const string HidesPeople = """
        <?php add_filter('rest_endpoints', static fn (array $all): array => array_filter($all, static fn ($route) => !preg_match('#/wp/v2/(users|comments|tags)#', $route), ARRAY_FILTER_USE_KEY));
        """;

    private LocalStage _stage = null!;

    public async Task InitializeAsync()
    {
        _stage = await LocalStage.OpenAsync(servers);
        _stage.Secrets = _stage.Secrets with { SourceUsername = "", SourcePassword = new Secret("") };
    }

    public async Task DisposeAsync() => await _stage.DisposeAsync();

    [Fact]
    public async Task A_site_that_hides_parts_is_cloned_without_them_and_says_so()
    {
        await using var site = await servers.StartSiteAsync(new SourceSiteOptions { Name = ServersFixture.Unique("p"), MuPlugin = HidesPeople });
        await site.RunPhpAsync("update_option('permalink_structure', ''); wp_delete_nav_menu('Main');", default);
        await using var door = await PublicDoor.OpenAsync(_stage);
        var order = NewOrder(site);

        var fence = 0;
        var facts = new Dictionary<CloneStep, StepFacts>();
        foreach (var step in (CloneStep[])[CloneStep.CreateDatabase, CloneStep.StartPod, CloneStep.ImportContent, CloneStep.ActivatePlugin, CloneStep.OpenIngress])
            facts[step] = await RunAsync(order, step, ++fence);

        foreach (var hidden in (string[])["authors' names", "comments", "tags"])
            Assert.Contains(facts[CloneStep.ImportContent].Warnings, warning => warning.StartsWith($"The site does not publish its {hidden}", StringComparison.Ordinal));
        Assert.Equal(["author-1|Author 1"], await QueryAsync(order, "SELECT CONCAT(user_login, '|', display_name) FROM wp_users WHERE user_login <> 'clonehub'"));
        Assert.Equal([""], await QueryAsync(order, "SELECT option_value FROM wp_options WHERE option_name = 'permalink_structure'"));
        Assert.Equal(
            (await site.QueryAsync("SELECT COUNT(*) FROM wp_posts WHERE post_type IN ('post', 'page') AND post_status = 'publish'", default))[0][0],
            Assert.Single(await QueryAsync(order, "SELECT COUNT(*) FROM wp_posts WHERE post_type IN ('post', 'page')")));
    }

    [Fact]
    public async Task A_clone_that_is_not_what_its_source_publishes_is_not_handed_over()
    {
        await using var site = await servers.StartSiteAsync();
        await using var door = await PublicDoor.OpenAsync(_stage);
        var order = NewOrder(site);
        await RunAsync(order, CloneStep.CreateDatabase, 1);
        await RunAsync(order, CloneStep.ImportContent, 2);
        await RunAsync(order, CloneStep.OpenIngress, 3);

        await DiffersAsync(order, 4, "UPDATE wp_posts SET post_title = CONCAT(post_title, ' or not')", "UPDATE wp_posts SET post_title = REPLACE(post_title, ' or not', '')", "is titled");
        await DiffersAsync(
            order, 5, $"UPDATE wp_posts SET post_content = CONCAT(post_content, '<a href=\"{site.Url}\">x</a>')",
            $"UPDATE wp_posts SET post_content = REPLACE(post_content, '<a href=\"{site.Url}\">x</a>', '')", "still names the source");
        await DiffersAsync(order, 6, "UPDATE wp_posts SET post_status = 'private' WHERE post_type = 'post'", "UPDATE wp_posts SET post_status = 'publish' WHERE post_type = 'post'", "wp/v2/posts shows 0 items of");
        foreach (var file in Directory.GetFiles(Path.Combine(_stage.PathsOf(order).Content, "uploads"), "*.jpg", SearchOption.AllDirectories))
            await File.AppendAllTextAsync(file, "spoiled");
        await DiffersAsync(order, 7, "SELECT 1", "SELECT 1", "is not the source's file");
    }

    private async Task DiffersAsync(CloneOrder order, long fence, string spoil, string repair, string told)
    {
        await QueryAsync(order, spoil);
        var fault = await Assert.ThrowsAsync<StepFaultException>(() => RunAsync(order, CloneStep.OpenIngress, fence));
        await QueryAsync(order, repair);
        Assert.Equal("VERIFY_FAILED", fault.Fault.Code);
        Assert.Contains(told, fault.Fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_site_whose_API_asks_for_a_log_in_is_not_cloned_as_an_empty_one()
    {
        await using var site = await servers.StartSiteAsync(new SourceSiteOptions
        {
            Name = ServersFixture.Unique("p"),
            MuPlugin = "<?php add_filter('rest_authentication_errors', static fn ($e) => is_user_logged_in() ? $e : new WP_Error('rest_login_required', 'Log in', ['status' => 401]));",
        });
        var order = NewOrder(site);
        await RunAsync(order, CloneStep.CreateDatabase, 1);

        Assert.Equal("PUBLIC_API_CLOSED", await SourceTests.FaultOf(() => RunAsync(order, CloneStep.ImportContent, 2)));
        Assert.Empty(await QueryAsync(order, "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"));
    }

    [Fact]
    public async Task An_import_that_was_stopped_anywhere_is_completed_by_the_next()
    {
        await using var site = await servers.StartSiteAsync();
        var order = NewOrder(site);
        await RunAsync(order, CloneStep.CreateDatabase, 1);
        var fence = 1;
        var reports = 0;
        var stopped = 0;
        for (var stopAt = 1; stopAt < 12; stopAt += 3)
        {
            using var stop = new CancellationTokenSource();
            reports = 0;
            var at = stopAt;
            var attempt = RunAsync(order, CloneStep.ImportContent, ++fence, new Listener(_ => { if (++reports == at) stop.Cancel(); }), stop.Token);
            if (await Record.ExceptionAsync(() => attempt) is OperationCanceledException) stopped++;
        }

        Assert.True(stopped > 1, $"Only {stopped} attempts were stopped.");
        var facts = await RunAsync(order, CloneStep.ImportContent, ++fence);
        Assert.Equal(facts.Content, (await RunAsync(order, CloneStep.ImportContent, ++fence)).Content);
        Assert.Equal(
            (await site.QueryAsync("SELECT ID FROM wp_posts WHERE post_type IN ('post', 'page') AND post_status = 'publish' ORDER BY ID", default)).Select(row => row[0]),
            await QueryAsync(order, "SELECT ID FROM wp_posts WHERE post_type IN ('post', 'page') ORDER BY ID"));
    }

    [Fact]
    public async Task An_attempt_that_was_overtaken_writes_nothing_more()
    {
        await using var site = await servers.StartSiteAsync();
        var order = NewOrder(site);
        await RunAsync(order, CloneStep.CreateDatabase, 1);
        var first = true;
        var overtaken = new Listener(_ =>
        {
            if (!first) return;
            first = false;
            _stage.Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 9), order, _stage.Secrets, default).GetAwaiter().GetResult();
        });

        await Assert.ThrowsAsync<OvertakenException>(() => RunAsync(order, CloneStep.ImportContent, 2, overtaken));
        Assert.Empty(await QueryAsync(order, "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"));
    }

    private CloneOrder NewOrder(SourceSite site) => _stage.NewOrder(site.Url) with { Fidelity = CloneFidelity.Public };

    private Task<StepFacts> RunAsync(
        CloneOrder order, CloneStep step, long fence, IProgress<ContentProgress>? progress = null, CancellationToken cancellation = default) =>
        _stage.Steps.Single(each => each.Kind == step).RunAsync(order.Token(step, fence), order, progress ?? new Progress<ContentProgress>(), cancellation);

    private async Task<IReadOnlyList<string?>> QueryAsync(CloneOrder order, string sql)
    {
        await using var connection = new MySqlConnection(_stage.ConnectionStringOf(order, _stage.Secrets));
        await connection.OpenAsync();
        await using var command = new MySqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var values = new List<string?>();
        while (await reader.ReadAsync()) values.Add(Convert.ToString(reader[0], CultureInfo.InvariantCulture));
        return values;
    }

    /// <summary>Hears of progress at once, on the thread that makes it.</summary>
    private sealed class Listener(Action<ContentProgress> hear) : IProgress<ContentProgress>
    {
        public void Report(ContentProgress value) => hear(value);
    }
}
