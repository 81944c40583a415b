using System.Diagnostics;
using CloneHub.Dev.WordPress;
using CloneHub.Testing;

namespace CloneHub.EndToEnd.Tests;

/// <summary>Secrets are planted and looked for wherever anything is written: stores, logs, files.</summary>
[Trait("Needs", "servers")]
public sealed class SecretTests(ServersFixture servers) : IClassFixture<ServersFixture>
{
    private const string SourceMarker = "marker-of-the-source-Zq7Rk2Vd9";

    [Fact]
    public async Task No_secret_is_written_anywhere_in_clear()
    {
        var user = new SiteUser("owner", SourceMarker, "administrator");
        await using var site = await servers.StartSiteAsync(new SourceSiteOptions { Name = ServersFixture.Unique("s"), Users = [user] });
        await using var receiver = await CallbackReceiver.StartAsync();
        receiver.Answering = (response, number) =>
        {
            // Refused once, so that what is said of a call in vain is looked through too.
            response.StatusCode = number == 1 ? 500 : 204;
            return Task.CompletedTask;
        };
        await using var host = await HostProcess.StartAsync(servers, new Dictionary<string, string> { ["Logging__LogLevel__Default"] = "Debug" });
        var api = new CloneApi(host);
        var failed = await api.RequestAsync(site, password: SourceMarker);
        var job = await RequestAsOwnerAsync(host.Client, site, receiver.Url);

        await api.WaitAsync(failed, "failed");
        var status = await api.WaitAsync(job, "completed");
        await receiver.ReceivedAsync(2);
        await api.WaitAsync(await PlanAsOwnerAsync(host.Client, site, job), "completed");
        var clonePassword = status.GetProperty("result").GetProperty("password").GetString()!;
        var config = Directory.GetFiles(host.State.FullName, "wp-config.php", SearchOption.AllDirectories).Single(path => path.Contains(job, StringComparison.Ordinal));
        var databasePassword = DatabasePasswordIn(await File.ReadAllTextAsync(config));

        // The search finds what is there: the job's own id, in the stores' files.
        Assert.NotEmpty(await FilesWithAsync(job));
        Assert.Contains(job, host.Output, StringComparison.Ordinal);

        Assert.Empty(await FilesWithAsync(SourceMarker));
        Assert.Empty(await FilesWithAsync(clonePassword));
        Assert.Empty(await FilesWithAsync(receiver.Token));
        Assert.Equal(config, string.Join(", ", await FilesWithAsync(databasePassword)));
        foreach (var secret in new[] { SourceMarker, clonePassword, databasePassword, receiver.Token })
            Assert.DoesNotContain(secret, host.Output, StringComparison.Ordinal);

        await api.RemoveAsync(job);
        await api.WaitUntilRemovedAsync(job);
        var after = await api.StatusAsync(job);
        Assert.DoesNotContain(clonePassword, after.ToString(), StringComparison.Ordinal);
        Assert.Equal("job.removed", (await receiver.ReceivedAsync(3))[2].Type);
        Assert.All(receiver.Calls, call => Assert.DoesNotContain(clonePassword, call.Body, StringComparison.Ordinal));
        Assert.Empty(await FilesWithAsync(databasePassword));
    }

    [Fact]
    public async Task An_application_password_is_written_nowhere_in_clear_not_even_into_a_trace()
    {
        var options = new SourceSiteOptions { Name = ServersFixture.Unique("s"), Defines = new Dictionary<string, string> { ["WP_ENVIRONMENT_TYPE"] = "'local'" } };
        await using var site = await servers.StartSiteAsync(options);
        var given = await site.RunPhpAsync("echo WP_Application_Passwords::create_new_application_password(1, ['name' => 'clone'])[0];", CancellationToken.None);
        await using var traces = await TraceSink.StartAsync();
        await using var host = await HostProcess.StartAsync(
            servers, new Dictionary<string, string>(traces.Settings) { ["Logging__LogLevel__Default"] = "Debug" });
        var api = new CloneApi(host);

        var job = await api.RequestAsync(site, password: given);
        var clonePassword = (await api.WaitAsync(job, "completed")).GetProperty("result").GetProperty("password").GetString()!;
        await host.StopAsync();

        Assert.Contains(job, traces.Text, StringComparison.Ordinal);
        var grouped = string.Join(' ', given.Chunk(4).Select(group => new string(group)));
        foreach (var secret in new[] { given, grouped, BasicOf(site.AdminUser, given), BasicOf(site.AdminUser, grouped), clonePassword })
        {
            Assert.Empty(await FilesWithAsync(secret));
            Assert.DoesNotContain(secret, host.Output, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, traces.Text, StringComparison.Ordinal);
        }
    }

    private static string BasicOf(string user, string password) => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{user}:{password}"));

    private static async Task<string> RequestAsOwnerAsync(HttpClient client, SourceSite site, Uri callback)
    {
        using var body = System.Net.Http.Json.JsonContent.Create(new { source_url = site.Url, source_username = "owner", source_password = SourceMarker, callback_url = callback });
        using var answer = await client.PostAsync(new Uri("api/v2/clone", UriKind.Relative), body);
        answer.EnsureSuccessStatusCode();
        return System.Text.Json.JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("job_id").GetString()!;
    }

    /// <summary>A restore logs in at both sides; the plan alone does that too.</summary>
    private static async Task<string> PlanAsOwnerAsync(HttpClient client, SourceSite site, string clone)
    {
        using var body = System.Net.Http.Json.JsonContent.Create(new { source_job_id = clone, target_url = site.Url, target_username = "owner", target_password = SourceMarker, dry_run = true });
        using var answer = await client.PostAsync(new Uri("api/v2/restore", UriKind.Relative), body);
        answer.EnsureSuccessStatusCode();
        return System.Text.Json.JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("job_id").GetString()!;
    }

    private static string DatabasePasswordIn(string config)
    {
        const string Define = "'DB_PASSWORD', '";
        var start = config.IndexOf(Define, StringComparison.Ordinal) + Define.Length;
        Assert.True(start > Define.Length, "wp-config.php defines no DB_PASSWORD.");
        return config[start..config.IndexOf('\'', start)];
    }

    /// <summary>All files of all servers, the Host and the sites: data files, append-only files, write-ahead logs, logs, configuration.</summary>
    private async Task<IReadOnlyList<string>> FilesWithAsync(string text)
    {
        using var grep = Process.Start(new ProcessStartInfo("grep", ["-rlFa", "-e", text, servers.Servers.State.FullName]) { RedirectStandardOutput = true })!;
        var found = await grep.StandardOutput.ReadToEndAsync();
        await grep.WaitForExitAsync();
        return found.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
