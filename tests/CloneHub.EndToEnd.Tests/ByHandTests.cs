using System.IO.Compression;
using CloneHub.Dev.WordPress;
using CloneHub.Testing;

namespace CloneHub.EndToEnd.Tests;

/// <summary>A site that lets nobody install plugins from wp-admin: its owner unpacks the connector into the folder of plugins and activates it.</summary>
[Trait("Needs", "servers")]
public sealed class ByHandTests(ServersFixture servers) : IClassFixture<ServersFixture>
{
    [Fact]
    public async Task A_job_waits_for_its_connector_and_goes_on_by_itself()
    {
        await using var site = await servers.StartSiteAsync(new SourceSiteOptions
        {
            Name = ServersFixture.Unique("s"),
            Defines = new Dictionary<string, string> { ["DISALLOW_FILE_MODS"] = "true" },
        });
        await using var host = await HostProcess.StartAsync(servers);
        var api = new CloneApi(host);

        var withLogIn = await api.RequestAsync(new { source_url = site.Url, source_username = site.AdminUser, source_password = site.AdminPassword, by_hand = true });
        var without = await api.RequestAsync(new { source_url = site.Url, by_hand = true });
        var (refused, awaited) = (await api.WaitForActionAsync(withLogIn), await api.WaitForActionAsync(without));

        Assert.Equal(("FILE_MODS_DISALLOWED", "CONNECTOR_AWAITED"), (refused.GetProperty("code").GetString(), awaited.GetProperty("code").GetString()));
        Assert.Contains("connector_url", refused.GetProperty("hint").GetString(), StringComparison.Ordinal);
        Assert.Empty(await Traces.OnSourceAsync(site));

        // One goes on where it was, the other after a restart: neither may need what the other has.
        await AssertGoesOnAsync(withLogIn);
        await host.KillAsync();
        await host.StartAsync();
        await AssertGoesOnAsync(without);

        Assert.Empty(await Traces.OnSourceAsync(site));
        using var gone = await host.Client.GetAsync(new Uri($"api/v2/jobs/{without}/connector", UriKind.Relative));
        Assert.Equal(System.Net.HttpStatusCode.Conflict, gone.StatusCode);

        async Task AssertGoesOnAsync(string job)
        {
            await InstallAsync(site, host, (await api.WaitForActionAsync(job)).GetProperty("connector_url").GetString()!);
            var status = await api.WaitAsync(job, "completed", 2 * CloneApi.Patience);
            Assert.Equal("full", status.GetProperty("result").GetProperty("fidelity").GetString());
            Assert.False(status.TryGetProperty("action_required", out _));
        }
    }

    private static async Task InstallAsync(SourceSite site, HostProcess host, string connector)
    {
        var zip = await host.Client.GetByteArrayAsync(new Uri(connector, UriKind.Relative));
        using var archive = new ZipArchive(new MemoryStream(zip));
        var folder = archive.Entries[0].FullName.Split('/')[0];
        Assert.DoesNotContain(archive.Entries, entry => !entry.FullName.StartsWith(folder + "/", StringComparison.Ordinal));

        var file = $"{folder}/{folder}.php";
        var unpacked = await site.RunPhpAsync(
            $"file_put_contents($zip = tempnam(sys_get_temp_dir(), 'c'), base64_decode('{Convert.ToBase64String(zip)}')); require_once ABSPATH . 'wp-admin/includes/plugin.php';"
            + $"$archive = new ZipArchive(); $archive->open($zip); $archive->extractTo(WP_PLUGIN_DIR); $archive->close(); unlink($zip); echo json_encode(activate_plugin('{file}'));",
            CancellationToken.None);
        Assert.Equal("null", unpacked);
    }
}
