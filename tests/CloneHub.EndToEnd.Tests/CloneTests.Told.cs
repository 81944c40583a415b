using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CloneHub.Dev.Host;
using CloneHub.Dev.Processes;
using CloneHub.Dev.WordPress;
using CloneHub.Jobs.Certificates;
using CloneHub.Testing;
using MySqlConnector;

namespace CloneHub.EndToEnd.Tests;

/// <summary>What the API tells of a clone beside its status.</summary>
public sealed partial class CloneTests
{
    /// <summary>What the certificate says is what md5sum and SQL say of source and clone, and it verifies from files alone.</summary>
    private async Task AssertCertifiedAsync(SourceSite site, HostProcess host, string job)
    {
        var (text, certificate) = await CrawledAsync(host, job);
        var files = certificate.GetProperty("files");
        var sum = await Md5SumAsync(site.Root.FullName);
        Assert.Equal((sum, sum), (files.GetProperty("source_sum").GetString(), files.GetProperty("clone_sum").GetString()));
        Assert.Equal(sum, await Md5SumAsync(Path.Combine(host.State.FullName, "local", "clones", job, "www")));

        var clone = new MySqlConnectionStringBuilder(servers.MariaDb) { Database = $"clone_{job["job-".Length..]}" }.ConnectionString;
        var tables = certificate.GetProperty("tables").EnumerateArray().ToDictionary(table => table.GetProperty("name").GetString()!);
        foreach (var name in (string[])["wp_posts", "wp_comments", "wp_terms", "wp_term_relationships"])
        {
            string[] columns = [.. (await site.QueryAsync($"select column_name from information_schema.columns where table_schema = database() and table_name = '{name}' order by ordinal_position", CancellationToken.None)).Select(row => row[0]!)];
            Assert.Equal((name, await TableSums.OfAsync(site.ConnectionString, name, columns)), (name, tables[name].GetProperty("source_sum").GetString()));
            Assert.Equal((name, await TableSums.OfAsync(clone, name, columns)), (name, tables[name].GetProperty("clone_sum").GetString()));
        }

        Assert.True(tables["wp_posts"].GetProperty("rewritten_values").GetInt64() > 10);
        await AssertVerifiesAsync(host, text);
        await AssertReadableAsync(host, job, tables.Count);
    }

    /// <summary>The certificate once both sites have been crawled: what is a copy shows as one.</summary>
    private static async Task<(string Text, JsonElement Certificate)> CrawledAsync(HostProcess host, string job)
    {
        var (text, certificate, crawl) = ("", default(JsonElement), default(JsonElement));
        await Eventually.Until("clone and source have been crawled", async () =>
        {
            text = await host.Client.GetStringAsync(new Uri($"api/v2/jobs/{job}/certificate", UriKind.Relative));
            certificate = JsonElement.Parse(text).GetProperty("certificate");
            return certificate.TryGetProperty("crawl", out crawl);
        }, CloneApi.Patience);
        Assert.Equal(0, crawl.GetProperty("differences").GetArrayLength());
        foreach (var kind in (string[])["pages", "menu_links", "media", "assets"]) Assert.True(crawl.GetProperty(kind).GetInt32() > 0, $"No {kind}: {crawl}");
        return (text, certificate);
    }

    /// <summary>The page for people, as Chromium shows it.</summary>
    private static async Task AssertReadableAsync(HostProcess host, string job, int tables)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"api/v2/jobs/{job}/certificate", UriKind.Relative));
        request.Headers.Add("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        using var answer = await host.Client.SendAsync(request);
        Assert.Equal("text/html", answer.Content.Headers.ContentType?.MediaType);
        var folder = Directory.CreateTempSubdirectory("clonehub-page-");
        try
        {
            var page = Path.Combine(folder.FullName, "certificate.html");
            await File.WriteAllTextAsync(page, await answer.Content.ReadAsStringAsync());
            string[] arguments = ["--headless", "--no-sandbox", "--disable-gpu", $"--user-data-dir={folder.FullName}/profile", "--dump-dom", page];
            var shown = await Command.RunAsync("chromium", arguments, CancellationToken.None);
            Assert.Contains($"<title>Certificate of {job}</title>", shown, StringComparison.Ordinal);
            Assert.Equal(tables + 1, shown.Split("<tr>").Length - 1);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task AssertVerifiesAsync(HostProcess host, string certificate)
    {
        var folder = Directory.CreateTempSubdirectory("clonehub-certificate-");
        try
        {
            string[] files = [Path.Combine(folder.FullName, "certificate.json"), Path.Combine(folder.FullName, "keys.json")];
            await File.WriteAllTextAsync(files[0], certificate);
            await File.WriteAllTextAsync(files[1], await host.Client.GetStringAsync(new Uri("api/v2/certificate-keys", UriKind.Relative)));
            var (output, errors) = (new StringWriter(), new StringWriter());
            Assert.Equal((0, ""), (VerifyCertificateCommand.Run(files, output, errors), errors.ToString()));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>As docs/fidelity.md tells how to do it.</summary>
    private static async Task<string> Md5SumAsync(string root)
    {
        const string Script =
            "cd \"$1\" && find . -type f ! -path ./wp-config.php ! -path './wp-content/plugins/custom-migrator/*' -printf '%P\\0' | LC_ALL=C sort -z | xargs -0 md5sum | sha256sum | cut -d' ' -f1";
        var said = await Command.RunAsync("sh", ["-c", Script, "sh", root], new CommandSettings(), CancellationToken.None);
        return said.Trim();
    }

    /// <summary>What an editor does, on files of WordPress that the clone shares with others: opens the editor, writes a post and uploads a picture through the REST interface, and sees both.</summary>
    private static async Task AssertWorkAsync(Uri clone, string user, string password)
    {
        using var client = LoopbackHttp.CreateClient(clone);
        await LogInAsync(client, user, password);
        Assert.Contains("wp.editPost.initializeEditor", await client.GetStringAsync(new Uri("wp-admin/post-new.php", UriKind.Relative)), StringComparison.Ordinal);
        client.DefaultRequestHeaders.Add("X-WP-Nonce", await client.GetStringAsync(new Uri("wp-admin/admin-ajax.php?action=rest-nonce", UriKind.Relative)));

        using var post = JsonContent.Create(new { title = "Written in the clone", status = "publish" });
        var written = await CreatedAsync(client, "posts", post);
        Assert.Contains("<title>Written in the clone", await client.GetStringAsync(new Uri(written.GetProperty("link").GetString()!)), StringComparison.Ordinal);

        var picture = Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==");
        using var file = new ByteArrayContent(picture);
        file.Headers.ContentType = new("image/png");
        file.Headers.ContentDisposition = new("attachment") { FileName = "pixel.png" };
        var uploaded = await CreatedAsync(client, "media", file);
        Assert.Equal(picture, await client.GetByteArrayAsync(new Uri(uploaded.GetProperty("source_url").GetString()!)));
    }

    private static async Task<JsonElement> CreatedAsync(HttpClient client, string what, HttpContent content)
    {
        using var answer = await client.PostAsync(new Uri($"?rest_route=/wp/v2/{what}", UriKind.Relative), content);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.Created, text);
        return JsonElement.Parse(text);
    }

    /// <summary>What the clone's PHP complains about is told, but for the job's passwords.</summary>
    private static async Task AssertLogAsync(HostProcess host, string job, Uri url, string password)
    {
        var page = Path.Combine(host.State.FullName, "local", "clones", job, "www", "complain.php");
        await File.WriteAllTextAsync(page, "<?php error_log('I was given ' . $_GET['x']); trigger_error('Something is odd', E_USER_WARNING);");
        using var client = LoopbackHttp.CreateClient(url);
        await client.GetStringAsync(new Uri($"complain.php?x={Uri.EscapeDataString(password)}", UriKind.Relative));

        var log = JsonDocument.Parse(await host.Client.GetStringAsync(new Uri($"api/v2/jobs/{job}/logs/php?lines=2", UriKind.Relative))).RootElement;

        var lines = log.GetProperty("lines").EnumerateArray().Select(line => line.GetString()!).ToList();
        Assert.EndsWith("I was given ***", lines[0], StringComparison.Ordinal);
        Assert.Contains("PHP Warning:  Something is odd in ", lines[1], StringComparison.Ordinal);
        File.Delete(page);
        await AssertAccessLogAsync(host, job, client, password);
    }

    /// <summary>Who has asked for what is told, but for queries and the job's passwords.</summary>
    private static async Task AssertAccessLogAsync(HostProcess host, string job, HttpClient visitor, string password)
    {
        using var answer = await visitor.GetAsync(new Uri($"nothing/{Uri.EscapeDataString(password)}/?key=planted", UriKind.Relative));
        IReadOnlyList<string> lines = [];

        // nginx writes when it has answered.
        await Eventually.Until("both requests are written down", async () =>
        {
            var log = JsonDocument.Parse(await host.Client.GetStringAsync(new Uri($"api/v2/jobs/{job}/logs/access?lines=2", UriKind.Relative))).RootElement;
            lines = [.. log.GetProperty("lines").EnumerateArray().Select(line => line.GetString()!)];
            return log.GetProperty("truncated").GetBoolean() && lines[1].Contains("/nothing/", StringComparison.Ordinal);
        });
        Assert.Contains(" \"GET /complain.php\" 200 ", lines[0], StringComparison.Ordinal);
        Assert.Contains(" 127.0.0.1 \"GET /nothing/***/\" ", lines[1], StringComparison.Ordinal);
    }
}
