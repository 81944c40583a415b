using System.Diagnostics;
using System.Globalization;
using System.Text;
using CloneHub.Provisioning.Tests.WordPress.Source;
using CloneHub.Provisioning.Tests.WordPress.Verification;
using CloneHub.Provisioning.WordPress.Restore;
using CloneHub.Testing;
using Xunit.Abstractions;

namespace CloneHub.Provisioning.Tests.WordPress.Restore;

/// <summary>A clone's work is brought back to a real site, and taken away again.</summary>
[Trait("Needs", "servers")]
[Collection(RestoreStage.Sites)]
public sealed class SiteRestorerTests(ImportedSite sites, ITestOutputHelper output)
{
    private readonly string _title = $"Edited in the clone as {ServersFixture.Unique("t")}";

    /// <summary>In front of the site stands something that takes no large request, and in the clone lies a row that is larger than that.</summary>
    [Fact]
    public async Task Work_is_brought_back_and_undone_to_the_byte()
    {
        await WorkAsync();
        await sites.Site.RunPhpAsync($"wp_mkdir_p(WPMU_PLUGIN_DIR); file_put_contents(WPMU_PLUGIN_DIR . '/wall.php', base64_decode('{Convert.ToBase64String(Encoding.UTF8.GetBytes(Wall))}'));", CancellationToken.None);
        await using var stage = await RestoreStage.OpenAsync(sites);
        var before = await stage.StateAsync();

        var plan = await stage.Restorer.PlanAsync(since: null, CancellationToken.None);
        Assert.Empty(plan.Facts.Obstacles);
        await stage.Restorer.StageAsync(CancellationToken.None);
        var (key, number) = await FirstStagedAsync(stage);
        await stage.Site.QueryAsync($"DELETE FROM {key}_{number} LIMIT 1", CancellationToken.None);
        var staged = await stage.AgainAsync();
        Assert.Equal([[number]], await stage.Site.QueryAsync($"SELECT number FROM {key}_p WHERE fence = 2", CancellationToken.None));
        Assert.Contains(staged.Warnings, warning => warning.Contains("clonewriter", StringComparison.Ordinal));
        Assert.Equal("CONNECTOR_FAILED", await SourceTests.FaultOf(() => stage.Target.Site.ByeAsync(CancellationToken.None)));
        AssertSame(before, await stage.StateAsync());

        var swapped = await stage.Turn.SwapAsync(plan.Snapshot, CancellationToken.None, overwrites: true);
        output.WriteLine($"{staged.Rows} rows, {staged.Files} files; visitors held for {swapped.Milliseconds} ms");
        await AssertRestoredAsync(stage);
        await AssertLateAsync(stage, $"co{key[2..]}");

        await stage.Turn.RollBackAsync(CancellationToken.None);
        AssertSame(before, await stage.StateAsync());
        await stage.EndAsync();
        Assert.Empty(Directory.GetFileSystemEntries(stage.Site.Root.FullName, "*clonehub-*", SearchOption.AllDirectories));
        Assert.Empty(await stage.Site.QueryAsync("SHOW TABLES LIKE 'c%'", CancellationToken.None));
        AssertSame(before, await stage.StateAsync());
    }

    [Fact]
    public Task When_PHP_dies_in_a_swap_the_next_request_leaves_the_site_wholly_old_or_wholly_new() => DieAsync([2, 4, 7]);

    /// <summary>PHP is killed at each change of a name that a swap makes, one after the other.</summary>
    [Fact]
    [Trait("Takes", "long")]
    public Task Wherever_PHP_dies_in_a_swap_the_next_request_leaves_the_site_wholly_old_or_wholly_new() => DieAsync([.. Enumerable.Repeat(Enumerable.Range(1, 18), RestoreStage.Rounds).SelectMany(points => points)]);

    private async Task DieAsync(int[] points)
    {
        await WorkAsync();
        await using var stage = await RestoreStage.OpenAsync(sites);
        await stage.StageAsync();
        var old = await stage.StateAsync();
        string? fresh = null;
        var outcomes = new List<string>();
        foreach (var at in points)
        {
            if (at != points[0]) await stage.StageAsync();
            TargetState state;
            await using (await KillerAsync(stage, at)) state = await stage.Target.SwapAsync(new RestoreRules(), "wp_", [], CancellationToken.None);
            var (status, page) = await stage.VisitAsync();
            Assert.True(status == 200, $"killed at {at}: {status} {page}");
            var now = await stage.StateAsync();
            if (state.State == TargetState.Swapped) AssertSame(fresh ??= now, now);
            else AssertSame(old, now);
            Assert.Equal(state.State == TargetState.Swapped, page.Contains(_title, StringComparison.Ordinal));
            outcomes.Add($"{at}: {state.State} after {state.Milliseconds} ms");
            if (state.State == TargetState.Swapped) await stage.Target.RollBackAsync(CancellationToken.None);
            AssertSame(old, await stage.StateAsync());
            await stage.Target.FinishAsync(CancellationToken.None);
        }

        output.WriteLine(string.Join(", ", outcomes));

        // Who dies cannot say how long it took.
        Assert.Contains(outcomes, outcome => outcome.EndsWith("after 0 ms", StringComparison.Ordinal));
        await stage.EndAsync();
    }

    private static async Task<(string Key, string Number)> FirstStagedAsync(RestoreStage stage)
    {
        var progress = Assert.Single(await stage.Site.QueryAsync("SHOW TABLES LIKE 'ch%\\_p'", CancellationToken.None))[0]!;
        var first = await stage.Site.QueryAsync($"SELECT MIN(number) FROM {progress} WHERE fence = 1", CancellationToken.None);
        return (progress[..^2], first[0][0]!);
    }

    private const string Wall = "<?php if (isset($_SERVER['HTTP_X_CLONEHUB_OP']) && $_SERVER['CONTENT_LENGTH'] > 60000) { http_response_code(413); exit; }";

    private async Task WorkAsync() => await RestoreStage.InCloneAsync(
        sites,
        $$"""
        file_put_contents(get_stylesheet_directory() . '/from-the-clone.css', 'body { color: red }');
        wp_mkdir_p(wp_upload_dir()['basedir'] . '/clone');
        file_put_contents(wp_upload_dir()['basedir'] . '/clone/new.txt', 'new');
        file_put_contents(wp_upload_dir()['basedir'] . '/clone/style.css', 'a { background: url(' . home_url('/x.png') . ') }');
        file_put_contents(get_stylesheet_directory() . '/style.css', "\n/* edited */\n", FILE_APPEND);
        update_option('blogname', 'A name from the clone');
        $writer = username_exists('clonewriter') ?: wp_create_user('clonewriter', 'secret', 'writer@example.org');
        wp_insert_post(['post_title' => 'Large', 'post_status' => 'draft', 'post_content' => str_repeat('0123456789abcdef', 12000)]);
        wp_insert_post(['post_title' => '{{_title}}', 'post_name' => 'edited-in-the-clone', 'post_status' => 'publish', 'post_author' => $writer, 'post_content' => '<a href="' . home_url('/hello-world/') . '">here</a>']);
        """);

    /// <summary>Somebody has edited a comment between the last look and the change of places.</summary>
    private static async Task AssertLateAsync(RestoreStage stage, string aside)
    {
        Assert.Empty((await stage.Turn.LateAsync(CancellationToken.None))!);
        var comments = (await stage.Target.StateAsync(CancellationToken.None)).Tables.Index().Single(table => table.Item == "wp_comments").Index;
        await stage.Site.QueryAsync($"UPDATE {aside}_{comments} SET comment_content = CONCAT(comment_content, '.')", CancellationToken.None);

        Assert.Equal(["wp_comments"], await stage.Turn.LateAsync(CancellationToken.None));
        await stage.Site.QueryAsync($"UPDATE {aside}_{comments} SET comment_content = LEFT(comment_content, CHAR_LENGTH(comment_content) - 1)", CancellationToken.None);
    }

    private async Task AssertRestoredAsync(RestoreStage stage)
    {
        var (status, page) = await stage.VisitAsync();
        Assert.Equal(200, status);
        Assert.Contains(_title, page, StringComparison.Ordinal);
        Assert.Contains("A name from the clone", page, StringComparison.Ordinal);
        Assert.Equal([["192000"]], await stage.Site.QueryAsync("SELECT DISTINCT LENGTH(post_content) FROM wp_posts WHERE post_title = 'Large'", CancellationToken.None));
        Assert.DoesNotContain("clonehub-banner", page, StringComparison.Ordinal);
        Assert.Empty(await stage.MentionsOfCloneAsync());
        Assert.Equal([["admin"]], await stage.Site.QueryAsync("SELECT user_login FROM wp_users", CancellationToken.None));
        Assert.Equal([["1"]], await stage.Site.QueryAsync("SELECT DISTINCT post_author FROM wp_posts WHERE post_name LIKE 'edited-in-the-clone%'", CancellationToken.None));
        Assert.Equal([[stage.Site.Url.AbsoluteUri.TrimEnd('/')]], await stage.Site.QueryAsync("SELECT DISTINCT option_value FROM wp_options WHERE option_name IN ('siteurl', 'home')", CancellationToken.None));
        Assert.DoesNotContain("custom-migrator", (await stage.Site.QueryAsync("SELECT option_value FROM wp_options WHERE option_name = 'active_plugins'", CancellationToken.None))[0][0]);
        var content = Path.Combine(stage.Site.Root.FullName, "wp-content");
        Assert.Equal("new", await File.ReadAllTextAsync(Path.Combine(content, "uploads/clone/new.txt")));
        Assert.Contains(stage.Site.Url.Authority, await File.ReadAllTextAsync(Path.Combine(content, "uploads/clone/style.css")), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(content, "plugins/custom-migrator")));
        Assert.NotEmpty(Directory.GetFiles(content, "from-the-clone.css", SearchOption.AllDirectories));
    }

    /// <summary>Has the kernel kill whichever PHP of the site asks for a new name for the so-many-th time.</summary>
    private static async Task<Killer> KillerAsync(RestoreStage stage, int at)
    {
        var master = (await File.ReadAllTextAsync(Path.Combine(stage.Site.Logs.FullName, "php-fpm.pid"))).Split(' ', '\n')[0];
        var workers = (await File.ReadAllTextAsync($"/proc/{master}/task/{master}/children")).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var inject = string.Create(CultureInfo.InvariantCulture, $"inject=rename:signal=SIGKILL:when={at}");
        string[] arguments = ["-f", "-e", "trace=rename", "-e", inject, "-o", "/dev/null", .. workers.Prepend(master).SelectMany(pid => (string[])["-p", pid])];
        var strace = Process.Start(new ProcessStartInfo("strace", arguments) { RedirectStandardError = true })!;
        for (var attached = 0; attached <= workers.Length;)
        {
            var line = await strace.StandardError.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60)) ?? throw new InvalidOperationException("strace ended.");
            if (line.Contains("attached", StringComparison.Ordinal)) attached++;
        }

        return new Killer(strace);
    }

    private static void AssertSame(string expected, string actual)
    {
        if (expected == actual) return;
        var (one, other) = (expected.Split('\n'), actual.Split('\n'));
        Assert.Fail($"Only before:\n{string.Join('\n', one.Except(other).Take(20))}\nOnly afterwards:\n{string.Join('\n', other.Except(one).Take(20))}");
    }

    private sealed class Killer(Process strace) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            // It lets go of the processes when it ends in order.
            using var kill = Process.Start("kill", ["-TERM", strace.Id.ToString(CultureInfo.InvariantCulture)]);
            await strace.WaitForExitAsync();
            strace.Dispose();
        }
    }
}
