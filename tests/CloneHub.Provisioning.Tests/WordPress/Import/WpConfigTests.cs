using System.Security.Cryptography;
using System.Text;
using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Provisioning.WordPress.Rewriting;

namespace CloneHub.Provisioning.Tests.WordPress.Import;

public sealed class WpConfigTests
{
    private readonly ImportWarnings _warnings = new();

    [Fact]
    public void The_clone_has_its_own_database_address_and_keys()
    {
        var text = Text(Facts());
        Assert.Contains("define( 'DB_PASSWORD', 'it\\'s \\\\ secret' );", text, StringComparison.Ordinal);
        Assert.Contains("$table_prefix = 'x7_';", text, StringComparison.Ordinal);
        Assert.True(text.IndexOf("'WP_HOME', 'http://job-x.localhost:5080' ", StringComparison.Ordinal) is var home and > 0 && home < text.IndexOf("wp-settings.php", StringComparison.Ordinal));
        Assert.NotEqual(Line(text, "AUTH_KEY"), Line(Text(Facts()), "AUTH_KEY"));
    }

    [Fact]
    public void Harmless_settings_of_the_source_come_along_with_their_addresses_rewritten()
    {
        var text = Text(Facts(("WP_POST_REVISIONS", "5"), ("WP_DEBUG", "false"), ("MY_API", "'https://example.com/api'"), ("SPACED", "'a \\' b'")));
        Assert.Contains("define( 'WP_POST_REVISIONS', 5 );", text, StringComparison.Ordinal);
        Assert.Contains("define( 'WP_DEBUG', false );", text, StringComparison.Ordinal);
        Assert.Contains("define( 'MY_API', 'http://job-x.localhost:5080/api' );", text, StringComparison.Ordinal);
        Assert.Contains("define( 'SPACED', 'a \\' b' );", text, StringComparison.Ordinal);
        Assert.Empty(_warnings.ToList());
    }

    [Theory]
    [InlineData("DB_PASSWORD", "'x'")]
    [InlineData("AUTH_KEY", "'x'")]
    [InlineData("WP_HOME", "'https://example.com'")]
    [InlineData("COOKIE_DOMAIN", "'example.com'")]
    [InlineData("WP_REDIS_HOST", "'10.0.0.1'")]
    [InlineData("WP_CACHE", "true")]
    [InlineData("FORCE_SSL_ADMIN", "true")]
    [InlineData("WP_CONTENT_DIR", "'/srv/x'")]
    [InlineData("CLONEHUB_JOB_ID", "'x'")]
    [InlineData("EVIL", "system('id')")]
    [InlineData("EVIL", "'a' . system('id')")]
    [InlineData("EVIL", "'a\\'")]
    [InlineData("EVIL", "\"{$x}\"")]
    [InlineData("EVIL", "1);system('id'")]
    [InlineData("E'VIL", "1")]
    public void What_binds_the_site_to_its_server_or_could_run_does_not(string name, string literal)
    {
        var text = Text(Facts((name, literal)));
        Assert.DoesNotContain($"define( '{name}', {literal} )", text, StringComparison.Ordinal);
        Assert.DoesNotContain("system", text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_could_not_be_read_or_does_not_fit_is_named_and_what_every_clone_has_is_not()
    {
        Text(Facts(("WP_REDIS_HOST", "'x'"), ("UPLOADS", "'media'"), ("WP_PLUGIN_DIR", "'/x'")) with { OtherDefines = ["STRIPE_SECRET_KEY", "WP_MEMORY_LIMIT", "AUTH_KEY", "DB_PASSWORD", "WP_CONTENT_DIR"] });
        Assert.Equal(["Settings of the source's wp-config.php were left out: STRIPE_SECRET_KEY, WP_MEMORY_LIMIT, WP_REDIS_HOST"], _warnings.ToList());
    }

    [Fact]
    public void Uploads_outside_of_wp_content_stay_where_they_are()
    {
        Assert.DoesNotContain("'UPLOADS'", Text(Facts()), StringComparison.Ordinal);
        Assert.Contains("define( 'UPLOADS', 'media' );", Text(Facts(("UPLOADS", "'other'")) with { UploadsPlace = "media" }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_prefix_that_is_none_is_refused() =>
        Assert.Throws<StepFaultException>(() => Text(Facts() with { TablePrefix = "wp_'; evil" }));

    [Theory]
    [InlineData("", """a:1:{i:0;s:35:"custom-migrator/custom-migrator.php";}""")]
    [InlineData("a:0:{}", """a:1:{i:0;s:35:"custom-migrator/custom-migrator.php";}""")]
    [InlineData(
        """a:2:{i:0;s:19:"akismet/akismet.php";i:3;s:33:"clonehub-abcdefgh-12/connector.ph";}""",
        """a:2:{i:0;s:35:"custom-migrator/custom-migrator.php";i:1;s:19:"akismet/akismet.php";}""")]
    [InlineData("""a:1:{i:2;s:35:"custom-migrator/custom-migrator.php";}""", """a:1:{i:0;s:35:"custom-migrator/custom-migrator.php";}""")]
    [InlineData("b:0;", null)]
    [InlineData("a:1:{broken", null)]
    public void The_list_of_active_plugins_loses_the_connector_and_gains_the_clones_plugin(string value, string? expected)
    {
        var list = PluginList.ForClone(Encoding.UTF8.GetBytes(value));
        Assert.Equal(expected, list is null ? null : Encoding.UTF8.GetString(list));
    }

    private string Text(SourceFacts facts)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var secrets = new JobSecrets(
            "admin", new Secret("a"), new Secret("b"), new Secret("it's \\ secret"), new Secret(Convert.ToBase64String(key.ExportPkcs8PrivateKey())));
        var target = Targets.Folder(new DirectoryInfo("/data/x"));
        var rewriter = new ContentRewriter(SiteAddresses.Map(facts, target));
        return WpConfig.Text(target, facts, CloneKeys.Of(secrets), rewriter, _warnings);
    }

    private static string Line(string text, string name) => text.Split('\n').Single(line => line.Contains($"'{name}'", StringComparison.Ordinal));

    internal static SourceFacts Facts(params (string Name, string Literal)[] defines) => new()
    {
        WordPressVersion = "6.1.9",
        PhpVersion = "8.2",
        DatabaseVersion = "10.11",
        TablePrefix = "x7_",
        SiteUrl = "https://example.com",
        HomeUrl = "https://example.com",
        AbsolutePath = "/srv/www/site/",
        ContentDirectory = "/srv/www/site/wp-content",
        ContentUrl = "https://example.com/wp-content",
        UploadsDirectory = "/srv/www/site/wp-content/uploads",
        UploadsUrl = "https://example.com/wp-content/uploads",
        PluginsDirectory = "/srv/www/site/wp-content/plugins",
        PluginsUrl = "https://example.com/wp-content/plugins",
        MustUsePluginsDirectory = "/srv/www/site/wp-content/mu-plugins",
        Stylesheet = "t",
        Template = "t",
        Locale = "en_US",
        ConnectorVersion = "1",
        Defines = defines.ToDictionary(define => define.Name, define => define.Literal),
    };
}
