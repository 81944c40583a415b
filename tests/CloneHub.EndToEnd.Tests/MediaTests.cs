using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CloneHub.Dev.Host;
using CloneHub.Dev.WordPress;
using CloneHub.Testing;

namespace CloneHub.EndToEnd.Tests;

/// <summary>A clone that is handed over without its media, and a Host that is killed before they are there.</summary>
[Trait("Needs", "servers")]
public sealed class MediaTests(ServersFixture servers) : IClassFixture<ServersFixture>
{
    private const int Pictures = 30;
    private const string Folder = "wp-content/uploads/gallery";

    /// <summary>The site sends no picture while it is told to wait.</summary>
    private const string Gate = """
        <?php
        if (($_SERVER['HTTP_X_CLONEHUB_OP'] ?? '') === 'get' && strpos(file_get_contents('php://input'), '/picture-') !== false) {
            while (file_exists(WP_CONTENT_DIR . '/cache/wait')) { usleep(20000); clearstatcache(); }
        }
        """;

    [Fact]
    public async Task A_host_killed_between_serving_and_the_last_picture_goes_on_and_leaves_nothing_at_the_source()
    {
        await using var site = await servers.StartSiteAsync(new SourceSiteOptions { Name = ServersFixture.Unique("s"), MuPlugin = Gate });
        await site.RunPhpAsync(
            $"wp_mkdir_p(WP_CONTENT_DIR . '/cache'); touch(WP_CONTENT_DIR . '/cache/wait'); wp_mkdir_p(ABSPATH . '{Folder}'); "
            + $"for ($n = 0; $n < {Pictures}; $n++) file_put_contents(ABSPATH . \"{Folder}/picture-$n.png\", str_repeat(\"picture $n\", 9000));", CancellationToken.None);
        await using var host = await HostProcess.StartAsync(servers);
        var api = new CloneApi(host);

        var job = await api.RequestAsync(new { source_url = site.Url, source_username = site.AdminUser, source_password = site.AdminPassword, ttl_minutes = 30, media = "on_demand" });
        var serving = await api.WaitAsync(job, "completed", 2 * CloneApi.Patience);
        Assert.Equal("pending", Media(serving).GetProperty("state").GetString());
        Assert.NotEmpty(await Traces.OnSourceAsync(site));
        await AssertCannotBeRestoredAsync(host, job, site);
        Assert.Equal("pending", (await CertifiedAsync(host, job)).GetProperty("state").GetString());

        await Eventually.Until("the rest is being fetched", () => host.LinesWith($"Job {job}: step FetchMedia started") > 0, CloneApi.Patience);
        await host.KillAsync();
        await host.StartAsync();
        File.Delete(Path.Combine(site.Root.FullName, "wp-content/cache/wait"));
        using (var client = LoopbackHttp.CreateClient(new Uri(serving.GetProperty("result").GetProperty("clone_url").GetString()!)))
        {
            // The door may be open before the job is awake; the key is there either way.
            Assert.Equal(string.Concat(Enumerable.Repeat("picture 3", 9000)), await client.GetStringAsync(new Uri($"{Folder}/picture-3.png", UriKind.Relative)));
        }

        JsonElement ended = default;
        await Eventually.Until("all media are there", async () => Media(ended = await api.StatusAsync(job)).GetProperty("state").GetString() != "pending", CloneApi.Patience);

        Assert.Equal("complete", Media(ended).GetProperty("state").GetString());
        Assert.Equal(Media(ended).GetProperty("files").GetInt64(), Media(ended).GetProperty("compared").GetInt64());
        Assert.Empty(await Traces.OnSourceAsync(site));
        await KillTests.AssertOnceAsync(host, job);
        await Eventually.Until("the certificate says so", async () => (await CertifiedAsync(host, job)).GetProperty("state").GetString() == "complete", CloneApi.Patience);
        AssertKeepsNoSecret(host, job, site);

        await api.RemoveAsync(job);
        await api.WaitUntilRemovedAsync(job);
        Assert.Empty(await new Traces(host, servers).OfCloneAsync(job));
    }

    [Fact]
    public async Task A_job_that_is_removed_before_its_media_came_leaves_nothing_at_the_source()
    {
        await using var site = await servers.StartSiteAsync(new SourceSiteOptions { Name = ServersFixture.Unique("s"), MuPlugin = Gate });
        await site.RunPhpAsync($"wp_mkdir_p(WP_CONTENT_DIR . '/cache'); touch(WP_CONTENT_DIR . '/cache/wait'); wp_mkdir_p(ABSPATH . '{Folder}'); touch(ABSPATH . '{Folder}/picture-1.png');", CancellationToken.None);
        await using var host = await HostProcess.StartAsync(servers);
        var api = new CloneApi(host);
        var job = await api.RequestAsync(new { source_url = site.Url, source_username = site.AdminUser, source_password = site.AdminPassword, media = "on_demand" });
        await api.WaitAsync(job, "completed", 2 * CloneApi.Patience);

        await api.RemoveAsync(job);
        await api.WaitUntilRemovedAsync(job);

        Assert.Empty(await Traces.OnSourceAsync(site));
        Assert.Empty(await new Traces(host, servers).OfCloneAsync(job));
    }

    private static JsonElement Media(JsonElement status) => status.GetProperty("result").GetProperty("media");

    private static async Task<JsonElement> CertifiedAsync(HostProcess host, string job) =>
        (await host.Client.GetFromJsonAsync<JsonElement>(new Uri($"api/v2/jobs/{job}/certificate", UriKind.Relative))).GetProperty("certificate").GetProperty("media");

    private static async Task AssertCannotBeRestoredAsync(HostProcess host, string job, SourceSite site)
    {
        var order = new { source_job_id = job, target_url = site.Url, target_username = site.AdminUser, target_password = site.AdminPassword };
        using var answer = await host.Client.PostAsJsonAsync(new Uri("api/v2/restore", UriKind.Relative), order);
        Assert.Equal((HttpStatusCode.Conflict, "MEDIA_AWAITED"), (answer.StatusCode, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString()));
    }

    /// <summary>The list of what is awaited stays with the clone: it must not hold what opens the source.</summary>
    private static void AssertKeepsNoSecret(HostProcess host, string job, SourceSite site)
    {
        var lists = host.State.GetFiles("manifest.json", SearchOption.AllDirectories).Where(file => file.FullName.Contains(job, StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(lists);
        Assert.All(lists, list => Assert.DoesNotContain(site.AdminPassword, File.ReadAllText(list.FullName), StringComparison.Ordinal));
        Assert.All(lists, list => Assert.DoesNotContain("PRIVATE", File.ReadAllText(list.FullName), StringComparison.OrdinalIgnoreCase));
    }
}
