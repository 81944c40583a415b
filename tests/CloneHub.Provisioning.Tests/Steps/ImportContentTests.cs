using CloneHub.Contracts;
using CloneHub.Dev.WordPress;
using CloneHub.Provisioning.Steps;
using CloneHub.Provisioning.Tests.WordPress.Source;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.PublicSite;
using CloneHub.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace CloneHub.Provisioning.Tests.Steps;

/// <summary>What the caller is told of a source that was not left as it was found.</summary>
[Trait("Needs", "servers")]
public sealed class ImportContentTests(ServersFixture servers) : IClassFixture<ServersFixture>
{
    private const string Firewall = "<?php if (isset($_SERVER['HTTP_X_CLONEHUB_OP'])) { http_response_code(403); exit; }";

    [Fact]
    public async Task What_the_source_could_not_remove_is_a_warning()
    {
        await using var site = await servers.StartSiteAsync();
        var (warnings, folder) = await ImportAsync(site, "chmod(WP_PLUGIN_DIR, 0555);");
        Assert.Equal(["imported", $"The source could not remove wp-content/plugins/{folder}; delete it there."], warnings);
    }

    [Fact]
    public async Task A_firewall_that_stops_the_farewell_does_not_pass_for_one_that_was_heard()
    {
        await using var site = await servers.StartSiteAsync();
        var (warnings, folder) = await ImportAsync(
            site, $"@mkdir(WPMU_PLUGIN_DIR); file_put_contents(WPMU_PLUGIN_DIR . '/wall.php', base64_decode('{Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(Firewall))}'));");
        Assert.Equal(["imported", $"The connector {folder} could not be removed from the source; it expires by itself."], warnings);
    }

    [Fact]
    public async Task A_source_that_was_left_gives_no_warning()
    {
        await using var site = await servers.StartSiteAsync();
        Assert.Equal(["imported"], (await ImportAsync(site, "")).Warnings);
    }

    private static async Task<(IReadOnlyList<string> Warnings, string Folder)> ImportAsync(SourceSite site, string meanwhile)
    {
        var order = TestJobs.NewOrder(site.Url);
        var backend = new RecordingBackend(() => site.RunPhpAsync(meanwhile, CancellationToken.None));
        var step = new ImportContent(
            backend, new OpenVault(() => SourceTests.Administrator(site)), SourceTests.Connector,
            new PublicSources(new SourceOptions { AllowLoopback = true }, TimeProvider.System), TimeProvider.System, NullLogger<ImportContent>.Instance);
        var facts = await step.RunAsync(order.Token(CloneStep.ImportContent), order, new Progress<ContentProgress>(), CancellationToken.None);
        return (facts.Warnings, ConnectorBuild.FolderOf(order.Job, 1));
    }
}
