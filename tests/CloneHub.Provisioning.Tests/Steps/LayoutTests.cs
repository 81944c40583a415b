using System.Text.RegularExpressions;
using CloneHub.Contracts;
using CloneHub.Dev.WordPress;
using CloneHub.Provisioning.FrontDoor;
using CloneHub.Provisioning.Tests.FrontDoor;
using CloneHub.Provisioning.Tests.Local;
using CloneHub.Testing;

namespace CloneHub.Provisioning.Tests.Steps;

/// <summary>Sites whose owner has moved the folders of WordPress.</summary>
[Trait("Needs", "servers")]
public sealed partial class LayoutTests(ServersFixture servers) : IClassFixture<ServersFixture>
{
    /// <summary>A plugin that shows that it works, by a link to a file of its own.</summary>
    private const string Marker = """
        mkdir(WP_PLUGIN_DIR . '/marker');
        file_put_contents(WP_PLUGIN_DIR . '/marker/marker.php', "<?php\n/* Plugin Name: Marker */ add_action('wp_head', function () { echo '<link rel=\"marker\" href=\"' . plugins_url('marker.css', __FILE__) . '\">'; });");
        file_put_contents(WP_PLUGIN_DIR . '/marker/marker.css', 'body { color: teal }');
        update_option('active_plugins', ['marker/marker.php']);
        function move(string $from, string $to): void
        {
            global $wpdb;
            rename(ABSPATH . $from, ABSPATH . $to);
            $wpdb->query($wpdb->prepare("UPDATE $wpdb->posts SET post_content = REPLACE(post_content, %s, %s)", "/$from/", "/$to/"));
        }
        """;

    public static TheoryData<string, string, string> Layouts => new()
    {
        {
            "wp-content under another name", "move('wp-content', 'app');",
            "define('WP_CONTENT_DIR', __DIR__ . '/app'); define('WP_CONTENT_URL', 'http://' . $_SERVER['HTTP_HOST'] . '/app');"
        },
        { "uploads beside wp-content", "move('wp-content/uploads', 'media');", "define('UPLOADS', 'me' . 'dia');" },
        { "uploads under another name", "move('wp-content/uploads', 'wp-content/files'); update_option('upload_path', 'wp-content/files');", "" },
        {
            "uploads outside, named by their full address",
            "move('wp-content/uploads', 'media'); update_option('upload_path', ABSPATH . 'media'); update_option('upload_url_path', home_url('/media'));", ""
        },
        {
            "plugins under another name", "move('wp-content/plugins', 'wp-content/modules');",
            "define('WP_PLUGIN_DIR', __DIR__ . '/wp-content/modules'); define('WP_PLUGIN_URL', 'http://' . $_SERVER['HTTP_HOST'] . '/wp-content/modules');"
        },
        {
            "WordPress in a folder below its home page",
            "mkdir(ABSPATH . 'wp'); foreach (array_diff(scandir(ABSPATH), ['.', '..', 'wp', 'wp-config.php']) as $name) rename(ABSPATH . $name, ABSPATH . \"wp/$name\");"
            + "file_put_contents(ABSPATH . 'index.php', \"<?php define('WP_USE_THEMES', true); require __DIR__ . '/wp/wp-blog-header.php';\"); file_put_contents(ABSPATH . 'wp-load.php', \"<?php require __DIR__ . '/wp/wp-load.php';\");"
            + "update_option('siteurl', home_url('/wp')); $wpdb->query(\"UPDATE $wpdb->posts SET post_content = REPLACE(post_content, '/wp-content/', '/wp/wp-content/')\");", ""
        },
        {
            "wp-content elsewhere, behind a link",
            "mkdir(ABSPATH . 'var'); rename(ABSPATH . 'wp-content', ABSPATH . 'var/content'); symlink('var/content', ABSPATH . 'wp-content');",
            "define('WP_CONTENT_DIR', __DIR__ . '/var/content');"
        },
    };

    [Theory]
    [MemberData(nameof(Layouts))]
    public async Task A_clone_has_its_pictures_and_plugins_wherever_the_source_has_them(string what, string arrangement, string defines)
    {
        await using var site = await ArrangeAsync(arrangement, defines);
        await using var stage = await StageAsync(site);
        await using var door = await PublicDoor.OpenAsync(stage);
        var order = stage.NewOrder(site.Url);
        Uri? clone = null;
        var fence = 0;
        foreach (var step in new[] { CloneStep.CreateDatabase, CloneStep.StartPod, CloneStep.ImportContent, CloneStep.ActivatePlugin, CloneStep.OpenIngress })
            clone = (await RunAsync(stage, order, step, ++fence)).CloneUrl;

        var http = stage.Get<PublicRoute>().Http;
        var path = await site.RunPhpAsync(
            "echo wp_make_link_relative(get_permalink((int) $wpdb->get_var(\"SELECT ID FROM $wpdb->posts WHERE post_type = 'post' AND post_content LIKE '%<img%'\")));", default);
        var page = await http.GetStringAsync(new Uri(clone!, path));
        Assert.True(page.Contains(clone!.Authority, StringComparison.Ordinal), what);
        Assert.DoesNotContain(site.Url.Authority, page, StringComparison.Ordinal);
        Assert.Equal("body { color: teal }", await http.GetStringAsync(new Uri(clone, MarkerLink().Match(page).Groups[1].Value)));

        var uploads = new DirectoryInfo(await site.RunPhpAsync("echo wp_upload_dir()['basedir'];", default));
        var originals = uploads.EnumerateFiles("*", SearchOption.AllDirectories).ToLookup(file => file.Name);
        var pictures = Picture().Matches(page).Select(match => new Uri(clone, match.Groups[1].Value)).ToList();
        Assert.NotEmpty(pictures);
        foreach (var picture in pictures)
            Assert.Equal(await File.ReadAllBytesAsync(originals[picture.Segments[^1]].First().FullName), await http.GetByteArrayAsync(picture));
    }

    [Fact]
    public async Task Folders_that_lie_in_one_another_are_refused()
    {
        await using var site = await ArrangeAsync(
            "move('wp-content/plugins', 'wp-content/uploads/plugins');",
            "define('WP_PLUGIN_DIR', __DIR__ . '/wp-content/uploads/plugins'); define('WP_PLUGIN_URL', 'http://' . $_SERVER['HTTP_HOST'] . '/wp-content/uploads/plugins');");
        await using var stage = await StageAsync(site);
        var order = stage.NewOrder(site.Url);
        await RunAsync(stage, order, CloneStep.CreateDatabase, 1);
        var fault = await Assert.ThrowsAsync<StepFaultException>(() => RunAsync(stage, order, CloneStep.ImportContent, 2));
        Assert.Equal(("LAYOUT_UNSUPPORTED", false), (fault.Fault.Code, fault.Fault.Retryable));
    }

    private async Task<SourceSite> ArrangeAsync(string arrangement, string defines)
    {
        var site = await servers.StartSiteAsync();
        await site.RunPhpAsync(Marker + arrangement, default);
        var config = Path.Combine(site.Root.FullName, "wp-config.php");
        await File.WriteAllTextAsync(config, (await File.ReadAllTextAsync(config)).Replace("<?php", $"<?php {defines}", StringComparison.Ordinal));
        return site;
    }

    private async Task<LocalStage> StageAsync(SourceSite site)
    {
        var stage = await LocalStage.OpenAsync(servers);
        stage.Secrets = stage.Secrets with { SourceUsername = site.AdminUser, SourcePassword = new Secret(site.AdminPassword) };
        return stage;
    }

    private static Task<StepFacts> RunAsync(LocalStage stage, CloneOrder order, CloneStep step, long fence) =>
        stage.Steps.Single(each => each.Kind == step).RunAsync(order.Token(step, fence), order, new Progress<ContentProgress>(), default);

    [GeneratedRegex("<link rel=\"marker\" href=\"([^\"]*)\"")]
    private static partial Regex MarkerLink();

    [GeneratedRegex("<img[^>]*\\ssrc=\"([^\"]*)\"")]
    private static partial Regex Picture();
}
