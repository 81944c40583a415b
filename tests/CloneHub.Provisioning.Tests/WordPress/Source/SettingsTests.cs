using CloneHub.Dev.WordPress;
using CloneHub.Testing;

namespace CloneHub.Provisioning.Tests.WordPress.Source;

/// <summary>What the connector reads of wp-config.php.</summary>
[Trait("Needs", "servers")]
public sealed class SettingsTests(ServersFixture servers) : IClassFixture<ServersFixture>
{
    [Fact]
    public async Task Literals_are_told_and_of_all_other_settings_the_names()
    {
        await using var site = await servers.StartSiteAsync(new SourceSiteOptions
        {
            Name = ServersFixture.Unique("s"),
            Defines = new Dictionary<string, string>
            {
                ["PLAIN"] = "-5",
                ["COMPUTED"] = "'a' . 'b'",
                ["STRIPE_SECRET_KEY"] = "'sk_live_marker'",
                ["BEFORE"] = "true ); const BY_CONST = 'c', SECOND = 2; const BY_RULE = 1 + 1; define( 'AFTER', false",
            },
        });
        await using var channel = await SourceTests.ConnectAsync(site);
        var facts = await channel.HelloAsync(CancellationToken.None);
        await channel.ByeAsync(CancellationToken.None);

        Assert.Equal(("-5", "true", "'c'", "false"), (facts.Defines["PLAIN"], facts.Defines["BEFORE"], facts.Defines["BY_CONST"], facts.Defines["AFTER"]));
        Assert.Superset(new HashSet<string> { "COMPUTED", "STRIPE_SECRET_KEY", "BY_RULE", "AUTH_KEY", "DB_PASSWORD" }, facts.OtherDefines.ToHashSet());
        Assert.DoesNotContain("ABSPATH", facts.Defines.Keys);
        Assert.DoesNotContain("sk_live_marker", facts.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(facts.Defines, pair => pair.Value.Contains("sk_live_marker", StringComparison.Ordinal));
    }
}
