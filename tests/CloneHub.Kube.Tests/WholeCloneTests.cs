using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using CloneHub.Dev.WordPress;
using CloneHub.Kube.Tests.Cluster;
using CloneHub.Provisioning.Agent;
using CloneHub.Testing;
using Xunit.Abstractions;

namespace CloneHub.Kube.Tests;

/// <summary>The whole of it: a WordPress site, cloned by one call to a running Host into a pod with the real image, reached through an Ingress.</summary>
[Collection(KubeCluster.Collection)]
[Trait("Needs", "kube")]
public sealed partial class WholeCloneTests(KubeCluster cluster, ITestOutputHelper output)
{
    private const int UploadBytes = 128 << 20;

    /// <summary>The pod may have 384 MB, of which its nginx and PHP need about 120.</summary>
    private const int MostMegabytesOfTheAgent = 256;

    [KubeFact]
    public async Task A_clone_serves_through_its_Ingress_within_thirty_seconds_takes_large_uploads_and_leaves_nothing()
    {
        await using var stage = await HostStage.StartAsync(cluster, SiteContent.Tiny);
        var (job, result, elapsed) = await CloneAsync(stage);
        Assert.InRange(elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(30));

        using var visitor = HostStage.Visitor(result);
        await LogInAsync(visitor, result);
        await AssertLogsAsync(stage, job, visitor, result.GetProperty("password").GetString()!);
        Assert.Equal(UploadBytes, await UploadAsync(visitor, job));
        var certificate = (await stage.Host.Client.GetFromJsonAsync<JsonElement>(new Uri($"api/v2/jobs/{job}/certificate", UriKind.Relative))).GetProperty("certificate");
        Assert.Equal(result.GetProperty("content").GetProperty("tables").GetInt32(), certificate.GetProperty("tables").GetArrayLength());
        Assert.Equal(certificate.GetProperty("files").GetProperty("source_sum").GetString(), certificate.GetProperty("files").GetProperty("clone_sum").GetString());

        await stage.RemoveAsync(job);
        await Eventually.Until("nothing of the clone is left", async () => (await stage.LeftAsync()).Count == 0, TimeSpan.FromSeconds(60));
    }

    [KubeFact]
    public async Task A_clone_that_finds_a_warm_instance_waits_for_no_pod()
    {
        await using var stage = await HostStage.StartAsync(cluster, SiteContent.Tiny, ("CloneHub__Pool__Size", "1"), ("CloneHub__Pool__Interval", "00:00:01"));
        var times = new List<double>();
        for (var round = 0; round < 3; round++)
        {
            await stage.WaitsInPoolAsync();
            var (job, _, elapsed) = await CloneAsync(stage);
            times.Add(elapsed.TotalSeconds);
            await stage.RemoveAsync(job);
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"with a warm instance: {string.Join(", ", times.Select(time => $"{time:0.0} s"))}"));
        Assert.InRange(times.Min(), 0, 30);
        Assert.Equal(3, await stage.WarmClaimsAsync());
    }

    /// <summary>Some ten thousand files, and tables of ten megabytes.</summary>
    [KubeFact]
    public async Task A_site_that_has_grown_for_years_is_copied_in_the_memory_that_its_pod_has()
    {
        await using var stage = await HostStage.StartAsync(cluster, SiteContent.Medium);
        var started = TimeProvider.System.GetTimestamp();
        var job = await stage.RequestAsync(ttlMinutes: 30);
        var result = await stage.ServesAsync(job);
        Tell($"POST to completed: {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0.0} s; {result.GetProperty("content")}", stage);

        Assert.InRange(MegabytesOfTheAgent(stage), 1, MostMegabytesOfTheAgent);
    }

    private async Task<(string Job, JsonElement Result, TimeSpan Elapsed)> CloneAsync(HostStage stage)
    {
        var started = TimeProvider.System.GetTimestamp();
        var job = await stage.RequestAsync(ttlMinutes: 30);
        var result = await stage.ServesAsync(job);
        using var visitor = HostStage.Visitor(result);
        using (var home = await visitor.GetAsync(new Uri("/", UriKind.Relative)))
            Assert.Equal(HttpStatusCode.OK, home.StatusCode);
        var elapsed = TimeProvider.System.GetElapsedTime(started);

        // PHP keeps no compiled code of a file without a time, and would compile all of WordPress for every page.
        using (var core = await visitor.GetAsync(new Uri("wp-includes/css/dashicons.min.css", UriKind.Relative)))
            Assert.InRange(core.Content.Headers.LastModified ?? default, DateTimeOffset.UnixEpoch.AddSeconds(1), DateTimeOffset.MaxValue);
        Tell($"POST to the first 200 through the Ingress: {elapsed.TotalSeconds:0.0} s; {result.GetProperty("content")}", stage);
        return (job, result, elapsed);
    }

    private void Tell(FormattableString text, HostStage stage) =>
        output.WriteLine(text.ToString(CultureInfo.InvariantCulture) + string.Create(CultureInfo.InvariantCulture, $"; the agent held {MegabytesOfTheAgent(stage)} MB at most"));

    private static int MegabytesOfTheAgent(HostStage stage) => int.Parse(Peak().Match(stage.Host.Output).Groups[1].Value, CultureInfo.InvariantCulture);

    private static async Task LogInAsync(HttpClient visitor, JsonElement result)
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["log"] = result.GetProperty("username").GetString()!,
            ["pwd"] = result.GetProperty("password").GetString()!,
            ["testcookie"] = "1",
        });
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("wp-login.php", UriKind.Relative)) { Content = form };
        request.Headers.Add("Cookie", "wordpress_test_cookie=WP%20Cookie%20check");
        using var answer = await visitor.SendAsync(request);
        Assert.Contains("wpadminbar", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    /// <summary>Puts a file of 128 MB into the media library, as the log-in's owner would, fetches it again and answers its size.</summary>
    private static async Task<long> UploadAsync(HttpClient visitor, string name)
    {
        var nonce = await visitor.GetStringAsync(new Uri("wp-admin/admin-ajax.php?action=rest-nonce", UriKind.Relative));
        var file = RandomNumberGenerator.GetBytes(UploadBytes);

        // WordPress looks what a file begins with, and chance alone may make it something else.
        "PK\x03\x04"u8.CopyTo(file);
        using var part = new ByteArrayContent(file) { Headers = { ContentType = new MediaTypeHeaderValue("application/zip") } };
        using var form = new MultipartFormDataContent { { part, "file", $"{name}.zip" } };
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("index.php?rest_route=/wp/v2/media", UriKind.Relative)) { Content = form };
        request.Headers.Add("X-WP-Nonce", nonce);
        using var answer = await visitor.SendAsync(request);
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.Created, $"{answer.StatusCode}: {body}");
        var copy = await visitor.GetByteArrayAsync(JsonDocument.Parse(body).RootElement.GetProperty("source_url").GetString());
        Assert.True(copy.AsSpan().SequenceEqual(file));
        return copy.Length;
    }

    /// <summary>Who has asked for what, and what the agent did, without queries and the job's passwords.</summary>
    private static async Task AssertLogsAsync(HostStage stage, string job, HttpClient visitor, string password)
    {
        using var answer = await visitor.GetAsync(new Uri($"nothing/{Uri.EscapeDataString(password)}/?key=planted", UriKind.Relative));
        IReadOnlyList<string> access = [];

        // nginx writes when it has answered.
        await Eventually.Until("the request is written down", async () =>
        {
            access = await LogAsync(stage, job, "access");
            return access.Any(line => line.Contains("/nothing/", StringComparison.Ordinal));
        });
        Assert.Contains(access, line => line.Contains("\"GET /nothing/***/\" ", StringComparison.Ordinal));
        Assert.Contains(access, line => line.Contains("\"POST /wp-login.php\" 302 ", StringComparison.Ordinal));
        Assert.DoesNotContain(access, line => line.Contains("planted", StringComparison.Ordinal) || line.Contains(CloneImage.ReadyPath, StringComparison.Ordinal));

        var agent = await LogAsync(stage, job, "agent");
        Assert.EndsWith("Z import: begun", agent[0], StringComparison.Ordinal);
        Assert.Contains(agent, line => line.Contains("Z import: done, ", StringComparison.Ordinal));
        Assert.Contains("Z activate: done, ", agent[^1], StringComparison.Ordinal);
        await LogAsync(stage, job, "php");
    }

    private static async Task<IReadOnlyList<string>> LogAsync(HostStage stage, string job, string log)
    {
        var said = await stage.Host.Client.GetFromJsonAsync<JsonElement>(new Uri($"api/v2/jobs/{job}/logs/{log}?lines=1000", UriKind.Relative));
        return [.. said.GetProperty("lines").EnumerateArray().Select(line => line.GetString()!)];
    }

    [GeneratedRegex("clonehub-agent held ([0-9]+) MB")]
    private static partial Regex Peak();
}
