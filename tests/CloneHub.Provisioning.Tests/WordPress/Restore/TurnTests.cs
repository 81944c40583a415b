using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using CloneHub.Provisioning.Tests.WordPress.Source;
using CloneHub.Provisioning.Tests.WordPress.Verification;
using CloneHub.Provisioning.WordPress.Restore;
using CloneHub.Testing;
using MySqlConnector;
using Xunit.Abstractions;

namespace CloneHub.Provisioning.Tests.WordPress.Restore;

/// <summary>What visitors, other restores and other clients of the database have to do with a change of places.</summary>
[Trait("Needs", "servers")]
[Collection(RestoreStage.Sites)]
public sealed partial class TurnTests(ImportedSite sites, ITestOutputHelper output)
{
    private const int Visitors = 3;

    /// <summary>A drop-in of the usual kind, but that it keeps all in one file.</summary>
    private const string LastingCache =
        """
        <?php
        function wp_cache_init() { global $wp_object_cache; $wp_object_cache = (array) @unserialize((string) @file_get_contents('{{FILE}}')); }
        function wp_cache_close() { global $wp_object_cache; $part = '{{FILE}}.' . getmypid(); file_put_contents($part, serialize($wp_object_cache)); return rename($part, '{{FILE}}'); }
        function wp_cache_flush() { global $wp_object_cache; $wp_object_cache = []; return wp_cache_close(); }
        function wp_cache_get($key, $group = '', $force = false, &$found = null) { global $wp_object_cache; $found = isset($wp_object_cache["$group:$key"]); return $found ? unserialize($wp_object_cache["$group:$key"]) : false; }
        function wp_cache_set($key, $data, $group = '', $expire = 0) { global $wp_object_cache; $wp_object_cache["$group:$key"] = serialize($data); return true; }
        function wp_cache_add($key, $data, $group = '', $expire = 0) { wp_cache_get($key, $group, false, $found); return !$found && wp_cache_set($key, $data, $group); }
        function wp_cache_replace($key, $data, $group = '', $expire = 0) { wp_cache_get($key, $group, false, $found); return $found && wp_cache_set($key, $data, $group); }
        function wp_cache_delete($key, $group = '') { global $wp_object_cache; unset($wp_object_cache["$group:$key"]); return true; }
        function wp_cache_incr($key, $offset = 1, $group = '') { $sum = max(0, (int) wp_cache_get($key, $group) + $offset); wp_cache_set($key, $sum, $group); return $sum; }
        function wp_cache_decr($key, $offset = 1, $group = '') { return wp_cache_incr($key, -$offset, $group); }
        function wp_cache_add_global_groups($groups) {}
        function wp_cache_add_non_persistent_groups($groups) {}
        function wp_cache_switch_to_blog($blog) {}
        """;

    /// <summary>Milliseconds of each.</summary>
    private readonly ConcurrentBag<double> _pages = [];

    /// <summary>A page is made of an option, a post and a file of the theme.</summary>
    private readonly string[] _marks = [.. new[] { "Name", "Post", "Footer" }.Select(what => $"{what} of the clone as {ServersFixture.Unique("m")}")];

    [Fact]
    public Task Visitors_see_the_old_site_or_the_new_one_and_never_a_mixture() => TurnAsync(1);

    [Fact]
    [Trait("Takes", "long")]
    public Task However_often_places_are_changed_visitors_see_no_mixture() => TurnAsync(12 * RestoreStage.Rounds);

    private async Task TurnAsync(int turns)
    {
        await WorkAsync();
        await using var stage = await RestoreStage.OpenAsync(sites);
        await stage.StageAsync();
        var seen = new ConcurrentBag<string>();
        using var end = new CancellationTokenSource();
        var visits = Enumerable.Range(0, Visitors).Select(_ => Task.Run(() => VisitAsync(stage, seen, end.Token))).ToArray();

        var held = new List<string>();
        for (var turn = 0; turn < turns; turn++)
        {
            held.Add(await UntilAsync(() => stage.Target.SwapAsync(new RestoreRules(), "wp_", [], CancellationToken.None), TargetState.Swapped));
            held.Add(await UntilAsync(() => stage.Target.RollBackAsync(CancellationToken.None), TargetState.Reverted));
            if (turn == turns - 1) break;
            await stage.Target.FinishAsync(CancellationToken.None);
            await stage.StageAsync();
        }

        await end.CancelAsync();
        await Task.WhenAll(visits);
        var counts = seen.GroupBy(page => page).ToDictionary(pages => pages.Key, pages => pages.Count());
        output.WriteLine($"{string.Join(", ", counts.Select(pair => $"{pair.Key}: {pair.Value}"))}; held for {string.Join(", ", held)} ms (of which for pages that were being served); a page took {_pages.Order().ElementAt(_pages.Count / 2):0} ms, the slowest {_pages.Max():0} ms");
        Assert.Empty(counts.Keys.Except(["old", "new", "503"]));
        Assert.Contains("old", counts.Keys);
        await stage.EndAsync();
    }

    /// <summary>As it ends, WordPress asks once more whether the site is in maintenance. A restore that can still be undone has its connector there, too.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_page_that_is_being_served_is_waited_for_and_does_not_wait_for_the_turn(bool withEarlier)
    {
        await WorkAsync();
        var plugins = Directory.CreateDirectory(Path.Combine(sites.Site.Root.FullName, "wp-content/mu-plugins"));
        var begun = Path.Combine(sites.Site.Root.FullName, "wp-content/uploads/begun");
        await File.WriteAllTextAsync(
            Path.Combine(plugins.FullName, "slow.php"),
            $"<?php add_action('init', function () {{ if (!isset($_GET['slow'])) return; touch('{begun}'); for ($i = 0; $i < 30000 && !is_file(ABSPATH . '.maintenance'); $i++) {{ usleep(1000); clearstatcache(); }} usleep(300000); exit('served'); }});");
        try
        {
            await using var earlier = withEarlier ? await RestoreStage.OpenAsync(sites) : null;
            if (earlier is not null)
            {
                await earlier.StageAsync();
                await earlier.Turn.SwapAsync(planned: null, CancellationToken.None);
            }

            await using var stage = await RestoreStage.OpenAsync(sites);
            await stage.StageAsync();

            var visit = stage.VisitAsync("?slow=1");
            await Eventually.Until("the page is being made", () => File.Exists(begun), TimeSpan.FromSeconds(60));
            var swapped = await stage.Target.SwapAsync(new RestoreRules(), "wp_", [], CancellationToken.None);

            Assert.Equal((200, "served"), await visit);
            Assert.Equal((TargetState.Swapped, false), (swapped.State, swapped.Busy));
            // The page takes 0.3 s more. Whoever is held waits for 1.5 s before it is told to come again.
            Assert.InRange(swapped.Waited, 200, 1200);
            await stage.Turn.RollBackAsync(CancellationToken.None);
            await stage.EndAsync();
            if (earlier is not null) await earlier.EndAsync();
        }
        finally
        {
            plugins.Delete(recursive: true);
            File.Delete(begun);
        }
    }

    /// <summary>What WordPress has kept of options and posts is not true any more as soon as places have changed.</summary>
    [Fact]
    public async Task A_site_with_an_object_cache_that_lasts_shows_the_new_content_at_once_and_the_old_one_after_the_undo()
    {
        await WorkAsync();
        var kept = Path.Combine(Path.GetTempPath(), ServersFixture.Unique("cache"));
        var dropIn = Path.Combine(sites.Site.Root.FullName, "wp-content/object-cache.php");
        await File.WriteAllTextAsync(dropIn, LastingCache.Replace("{{FILE}}", kept, StringComparison.Ordinal));
        try
        {
            await using var stage = await RestoreStage.OpenAsync(sites);
            await stage.StageAsync();
            Assert.DoesNotContain(_marks[0], (await stage.VisitAsync()).Page, StringComparison.Ordinal);
            Assert.Contains("alloptions", await File.ReadAllTextAsync(kept), StringComparison.Ordinal);

            await stage.Turn.SwapAsync(planned: null, CancellationToken.None);
            var page = (await stage.VisitAsync()).Page;
            Assert.All(_marks, mark => Assert.Contains(mark, page, StringComparison.Ordinal));
            await stage.Turn.RollBackAsync(CancellationToken.None);
            Assert.DoesNotContain(_marks[0], (await stage.VisitAsync()).Page, StringComparison.Ordinal);
            await stage.EndAsync();
        }
        finally
        {
            File.Delete(dropIn);
            File.Delete(kept);
        }
    }

    /// <summary>Between plan and turn somebody uploads, WordPress begins to update itself, and a scanner takes a staged file away.</summary>
    [Fact]
    public async Task What_came_or_went_since_the_plan_is_not_lost_and_nothing_is_half_done()
    {
        await WorkAsync();
        const string Name = "wp-content/uploads/late.txt";
        await File.WriteAllTextAsync(Path.Combine(sites.Target.Root.FullName, Name), "of the clone");
        await using var stage = await RestoreStage.OpenAsync(sites);
        await stage.StageAsync();
        var (live, staged, maintenance) = (Path.Combine(stage.Site.Root.FullName, Name), Path.Combine(stage.Work, "new/uploads/late.txt"), Path.Combine(stage.Site.Root.FullName, ".maintenance"));
        var before = await stage.StateAsync();
        await File.WriteAllTextAsync(live, "of the site");
        Assert.Equal("SWAP_REFUSED", await SourceTests.FaultOf(() => stage.Turn.SwapAsync(planned: null, CancellationToken.None)));
        Assert.Equal("of the site", await File.ReadAllTextAsync(live));
        File.Delete(live);

        await File.WriteAllTextAsync(maintenance, "<?php $upgrading = 0;");
        Assert.Equal("TARGET_IN_USE", await SourceTests.FaultOf(() => stage.Turn.SwapAsync(planned: null, CancellationToken.None)));
        Assert.True(File.Exists(maintenance));
        File.Delete(maintenance);

        var comments = (await stage.Target.Site.SchemaAsync(CancellationToken.None)).Tables.Single(table => table.Name == "wp_comments");
        var seen = await stage.Target.MarksAsync([TableToMark.Settled(comments)], CancellationToken.None);
        await stage.Site.QueryAsync("INSERT INTO wp_comments (comment_post_ID, comment_author, comment_content) VALUES (1, 'late', 'late')", CancellationToken.None);
        Assert.Equal(["wp_comments"], (await stage.Target.SwapAsync(new RestoreRules(), "wp_", [], CancellationToken.None, seen)).Changed!);
        await stage.Site.QueryAsync("DELETE FROM wp_comments WHERE comment_author = 'late'", CancellationToken.None);
        Assert.Equal(200, (await stage.VisitAsync()).Status);

        File.Move(staged, staged + ".aside");
        Assert.Equal("SWAP_REFUSED", await SourceTests.FaultOf(() => stage.Turn.SwapAsync(planned: null, CancellationToken.None)));
        Assert.Equal(before, await stage.StateAsync());
        File.Move(staged + ".aside", staged);

        Assert.Equal(TargetState.Swapped, (await stage.Turn.SwapAsync(planned: null, CancellationToken.None)).State);
        Assert.Equal("of the clone", await File.ReadAllTextAsync(live));
        await stage.Turn.RollBackAsync(CancellationToken.None);
        Assert.Equal(before, await stage.StateAsync());
        await stage.EndAsync();
        File.Delete(Path.Combine(sites.Target.Root.FullName, Name));
    }

    [Fact]
    [Trait("Takes", "long")]
    public async Task A_table_that_somebody_holds_leaves_the_site_as_it_was()
    {
        await WorkAsync();
        await using var stage = await RestoreStage.OpenAsync(sites);
        await stage.StageAsync();
        var before = await stage.StateAsync();
        await using (var other = new MySqlConnection(stage.Site.ConnectionString))
        {
            await other.OpenAsync();
            await ExecuteAsync(other, "LOCK TABLES wp_links READ");

            Assert.Equal("SWAP_REFUSED", await SourceTests.FaultOf(() => stage.Turn.SwapAsync(planned: null, CancellationToken.None)));
            await ExecuteAsync(other, "UNLOCK TABLES");
        }

        Assert.Equal(before, await stage.StateAsync());
        Assert.Equal(200, (await stage.VisitAsync()).Status);
        Assert.Equal(TargetState.Swapped, (await stage.Turn.SwapAsync(planned: null, CancellationToken.None)).State);
        await stage.Turn.RollBackAsync(CancellationToken.None);
        Assert.Equal(before, await stage.StateAsync());
        await stage.EndAsync();
    }

    [Fact]
    [Trait("Takes", "long")]
    public async Task A_database_that_goes_away_in_the_middle_is_gone_on_with_when_it_is_back()
    {
        await WorkAsync();
        await using var stage = await RestoreStage.OpenAsync(sites);
        await stage.StageAsync();
        var before = await stage.StateAsync();
        await using var other = new MySqlConnection(stage.Site.ConnectionString);
        await other.OpenAsync();
        await ExecuteAsync(other, "LOCK TABLES wp_links READ");

        var swap = stage.Target.SwapAsync(new RestoreRules(), "wp_", [], CancellationToken.None);
        await Eventually.Until("the connection that changes places is ended", () => KillRenameAsync(stage), TimeSpan.FromSeconds(60));
        await ExecuteAsync(other, "UNLOCK TABLES");

        Assert.Equal(TargetState.Swapped, (await swap).State);
        Assert.Contains(_marks[1], (await stage.VisitAsync()).Page, StringComparison.Ordinal);
        await stage.Turn.RollBackAsync(CancellationToken.None);
        Assert.Equal(before, await stage.StateAsync());
        await stage.EndAsync();
    }

    [Fact]
    [Trait("Takes", "long")]
    public async Task When_its_time_is_over_a_restore_takes_away_what_it_kept_at_anybodys_request()
    {
        await WorkAsync();
        await using var stage = await RestoreStage.OpenAsync(sites);
        await stage.StageAsync();
        await stage.Turn.SwapAsync(planned: null, CancellationToken.None);
        var restored = await stage.StateAsync();
        foreach (var file in Directory.GetFiles(stage.Site.Root.FullName, "*.php", SearchOption.AllDirectories).Where(file => file.Contains("/plugins/clonehub-", StringComparison.Ordinal)))
            await File.WriteAllTextAsync(file, Expiry().Replace(await File.ReadAllTextAsync(file), match => match.Groups[1].Value + "1000" + match.Groups[2].Value));

        await Eventually.Until("a visitor has made it leave", () => VisitAndLookAsync(stage), TimeSpan.FromSeconds(60));

        Assert.Empty(await stage.Site.QueryAsync("SHOW TABLES LIKE 'c%'", CancellationToken.None));
        Assert.Equal(restored, await stage.StateAsync());
        await stage.EndWithoutSiteAsync();
    }

    [Fact]
    [Trait("Takes", "long")]
    public async Task With_plugins_the_clones_are_active_and_those_that_guard_the_site_stay_its_own()
    {
        var plugins = Path.Combine(sites.Target.ContentRoot, "plugins");
        await RestoreStage.WritePluginAsync(plugins, "of-the-clone", "1");
        await RestoreStage.WritePluginAsync(Path.Combine(sites.Site.Root.FullName, "wp-content/plugins"), "wordfence", "1");
        await sites.Site.RunPhpAsync("update_option('active_plugins', ['wordfence/wordfence.php']); update_option('wordfence_key', 'of the site');", CancellationToken.None);
        await RestoreStage.InCloneAsync(sites, "update_option('active_plugins', ['custom-migrator/custom-migrator.php', 'of-the-clone/of-the-clone.php']); update_option('wordfence_key', 'of the clone');");
        await using var stage = await RestoreStage.OpenAsync(sites, new RestoreRules(PreservePlugins: false));
        await stage.StageAsync();
        var before = await stage.StateAsync();

        await stage.Turn.SwapAsync(planned: null, CancellationToken.None);

        var active = (await stage.Site.RunPhpAsync("echo implode(' ', array_filter(get_option('active_plugins'), fn($p) => 0 !== strpos($p, 'clonehub-')));", CancellationToken.None));
        Assert.Equal("wordfence/wordfence.php of-the-clone/of-the-clone.php", active);
        Assert.Equal("of the site", await stage.Site.RunPhpAsync("echo get_option('wordfence_key');", CancellationToken.None));
        Assert.True(File.Exists(Path.Combine(stage.Site.Root.FullName, "wp-content/plugins/of-the-clone/of-the-clone.php")));
        await stage.Turn.RollBackAsync(CancellationToken.None);
        Assert.Equal(before, await stage.StateAsync());
        await stage.EndAsync();
    }

    /// <summary>CloneHub looks at the site and undoes it; then it is lost between the change of places and that look.</summary>
    [Fact]
    public async Task A_site_that_breaks_by_the_new_content_gets_the_old_one_again_whether_CloneHub_looks_or_not()
    {
        await WorkAsync();
        await using var stage = await RestoreStage.OpenAsync(sites);
        var before = await stage.StateAsync();
        var functions = Path.Combine(sites.Target.ContentRoot, "themes/twentytwentyone/functions.php");
        var sound = await File.ReadAllTextAsync(functions);
        File.Delete(functions);
        await File.WriteAllTextAsync(functions, "<?php no_such_function(); ?>\n" + sound);
        try
        {
            await stage.StageAsync();
            Assert.Equal("RESTORE_BROKE_SITE", await SourceTests.FaultOf(() => stage.Turn.SwapAsync(planned: null, CancellationToken.None)));
            Assert.Equal(before, await stage.StateAsync());
            await stage.Target.FinishAsync(CancellationToken.None);
            await stage.StageAsync();
        }
        finally
        {
            await File.WriteAllTextAsync(functions, sound);
        }

        Assert.Equal(TargetState.Swapped, (await stage.Target.SwapAsync(new RestoreRules(), "wp_", [200], CancellationToken.None)).State);
        Assert.Equal(500, (await stage.VisitAsync()).Status);
        await File.WriteAllTextAsync(Path.Combine(stage.Work, "unconfirmed"), "1000");
        await Eventually.Until("a visitor has made it take its old content back", async () => (await stage.VisitAsync()).Status == 200, TimeSpan.FromSeconds(60));
        Assert.Equal("RESTORE_BROKE_SITE", await SourceTests.FaultOf(() => stage.Turn.SwapAsync(planned: null, CancellationToken.None)));
        Assert.Equal(before, await stage.StateAsync());
        await stage.EndAsync();
    }

    [Trait("Takes", "long")]
    [Fact]
    public async Task A_site_that_nobody_looks_at_keeps_new_content_that_works()
    {
        await WorkAsync();
        await using var stage = await RestoreStage.OpenAsync(sites);
        await stage.StageAsync();
        await stage.Target.SwapAsync(new RestoreRules(), "wp_", [200], CancellationToken.None);
        await File.WriteAllTextAsync(Path.Combine(stage.Work, "unconfirmed"), "1000");

        var (status, page) = await stage.VisitAsync();

        Assert.Equal((200, true), (status, page.Contains(_marks[1], StringComparison.Ordinal)));
        Assert.False(File.Exists(Path.Combine(stage.Work, "unconfirmed")));
        Assert.Equal(TargetState.Swapped, (await stage.Turn.SwapAsync(planned: null, CancellationToken.None)).State);
        await stage.Turn.RollBackAsync(CancellationToken.None);
        await stage.EndAsync();
    }

    [Fact]
    [Trait("Takes", "long")]
    public async Task Of_two_restores_the_later_one_can_be_undone_and_one_at_work_excludes_another()
    {
        await WorkAsync();
        await using var first = await RestoreStage.OpenAsync(sites);
        await using var second = await RestoreStage.OpenAsync(sites);
        await first.StageAsync();
        Assert.Equal("TARGET_BUSY", await SourceTests.FaultOf(() => second.Restorer.PlanAsync(since: null, CancellationToken.None)));

        await first.Turn.SwapAsync(planned: null, CancellationToken.None);
        var between = await first.StateAsync();
        await second.StageAsync();
        var maintenance = Path.Combine(second.Site.Root.FullName, ".maintenance");
        await File.WriteAllTextAsync(maintenance, "<?php $upgrading = 0;");
        Assert.Equal("TARGET_IN_USE", await SourceTests.FaultOf(() => second.Turn.SwapAsync(planned: null, CancellationToken.None)));
        File.Delete(maintenance);
        Assert.Equal(TargetState.Swapped, (await first.Target.StateAsync(CancellationToken.None)).State);
        await second.Turn.SwapAsync(planned: null, CancellationToken.None);

        Assert.Equal("UNDO_OVER", await SourceTests.FaultOf(() => first.Turn.RollBackAsync(CancellationToken.None)));
        await second.Turn.RollBackAsync(CancellationToken.None);
        Assert.Equal(between, await second.StateAsync());
        await second.EndAsync();
        await first.EndAsync();
    }

    /// <summary>PHP looks at most every two seconds whether a file has changed.</summary>
    private static async Task<bool> VisitAndLookAsync(RestoreStage stage)
    {
        Assert.Equal(200, (await stage.VisitAsync()).Status);
        return Directory.GetFileSystemEntries(stage.Site.Root.FullName, "*clonehub-*", SearchOption.AllDirectories).Length == 0;
    }

    private static async Task ExecuteAsync(MySqlConnection connection, string sql)
    {
        await using var command = new MySqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<bool> KillRenameAsync(RestoreStage stage)
    {
        var found = await stage.Site.QueryAsync("SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'RENAME TABLE%'", CancellationToken.None);
        foreach (var row in found) await stage.Site.QueryAsync($"KILL CONNECTION {row[0]}", CancellationToken.None);
        return found.Count > 0;
    }

    private static async Task<string> UntilAsync(Func<Task<TargetState>> turn, string expected)
    {
        for (var tries = 0; tries < 20; tries++)
            if (await turn() is { Busy: false } state) return state.State == expected ? $"{state.Milliseconds} ({state.Waited})" : throw new InvalidOperationException($"It says {state}.");
        throw new TimeoutException("The site served pages without a pause.");
    }

    private async Task VisitAsync(RestoreStage stage, ConcurrentBag<string> seen, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            var started = TimeProvider.System.GetTimestamp();
            var (status, page) = await stage.VisitAsync();
            _pages.Add(TimeProvider.System.GetElapsedTime(started).TotalMilliseconds);
            var marks = _marks.Count(mark => page.Contains(mark, StringComparison.Ordinal));
            seen.Add(status != 200 ? $"{status}" : marks == 0 ? "old" : marks == _marks.Length ? "new" : $"mixture of {string.Join(" and ", _marks.Where(mark => page.Contains(mark, StringComparison.Ordinal)))}");
        }
    }

    private string Slug => _marks[1].Split(' ')[^1];

    private Task WorkAsync() => RestoreStage.InCloneAsync(
        sites,
        $$"""
        update_option('blogname', '{{_marks[0]}}');
        if (null === get_page_by_path('{{Slug}}', OBJECT, 'post')) wp_insert_post(['post_title' => '{{_marks[1]}}', 'post_name' => '{{Slug}}', 'post_status' => 'publish', 'post_author' => 1]);
        $footer = get_stylesheet_directory() . '/footer.php';
        if (false === strpos(file_get_contents($footer), '{{_marks[2]}}')) file_put_contents($footer, '<p>{{_marks[2]}}</p>', FILE_APPEND);
        """);

    [GeneratedRegex("""("expires":|\(int\) ')\d+(,|')""")]
    private static partial Regex Expiry();
}
