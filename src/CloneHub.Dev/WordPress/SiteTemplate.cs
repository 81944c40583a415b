using System.Security.Cryptography;
using System.Text;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;
using MySqlConnector;

namespace CloneHub.Dev.WordPress;

/// <summary>
/// A site installed and filled once, kept as a tree and a database dump. It was installed for an address whose port has as many
/// digits as every port it will be served on, so a plain replacement leaves even serialised strings with the right lengths.
/// </summary>
internal sealed class SiteTemplate
{
    private const string Address = "127.0.0.1:10000";
    private const int BytesAtOnce = 16 << 20;
    private readonly DirectoryInfo _folder;

    private SiteTemplate(DirectoryInfo folder) => _folder = folder;

    private string Tree => Path.Combine(_folder.FullName, "www");

    private string Dump => Path.Combine(_folder.FullName, "dump.sql");

    public static async Task<SiteTemplate> EnsureAsync(
        DirectoryInfo templates, DirectoryInfo core, PrivateServers servers, SourceSiteOptions options, IProgress<string> progress, CancellationToken ct)
    {
        templates.Create();
        var testData = TestDataFolder.Find();
        var name = $"{options.Content}-{options.TablePrefix.TrimEnd('_')}-{Fingerprint(core, testData)}".ToLowerInvariant();
        var folder = new DirectoryInfo(Path.Combine(templates.FullName, name));
        using (await FolderLock.AcquireAsync(folder, ct))
        {
            if (!folder.Exists)
                await BuildAsync(folder, core, servers, options, testData, progress, ct);
        }

        return new SiteTemplate(folder);
    }

    public Task<string> AdminPasswordAsync(CancellationToken ct) => File.ReadAllTextAsync(PasswordFile(_folder), ct);

    public Task CopyTreeAsync(string root, CancellationToken ct) => Command.RunAsync("cp", ["-a", Tree, root], ct);

    public async Task LoadAsync(string connectionString, string address, CancellationToken ct)
    {
        var sql = await File.ReadAllTextAsync(Dump, Encoding.Latin1, ct);
        await using var connection = new MySqlConnection($"{connectionString};Pooling=false");
        await connection.OpenAsync(ct);
        foreach (var part in Parts(sql))
        {
            await using var load = new MySqlCommand(
                Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(part.Replace(Address, address, StringComparison.Ordinal))), connection);
            await load.ExecuteNonQueryAsync(ct);
        }
    }

    /// <summary>Whole statements of a dump, as many at once as the server takes in one packet. Within its values a dump has no line ends.</summary>
    private static IEnumerable<string> Parts(string sql)
    {
        for (var at = 0; at < sql.Length;)
        {
            var end = sql.Length - at <= BytesAtOnce ? -1 : sql.IndexOf(";\n", at + BytesAtOnce, StringComparison.Ordinal);
            var part = end < 0 ? sql[at..] : sql[at..(end + 1)];
            at += part.Length;
            yield return part;
        }
    }

    private static async Task BuildAsync(
        DirectoryInfo folder, DirectoryInfo core, PrivateServers servers, SourceSiteOptions options, DirectoryInfo? testData, IProgress<string> progress, CancellationToken ct)
    {
        progress.Report(options.Content switch
        {
            SiteContent.Demo => "Making a WordPress site with content; this is done once.",
            SiteContent.Medium => "Making a WordPress site of 10,000 files; this is done once and takes a minute.",
            SiteContent.Large => "Making a WordPress site of 300 MB with 70 MB of database; this is done once and takes two minutes.",
            SiteContent.Huge => "Making a WordPress site of 4 GB and a million rows; this is done once and takes some minutes.",
            _ => "Installing WordPress; this is done once.",
        });
        var unfinished = new DirectoryInfo($"{folder.FullName}.new");
        await Command.RunAsync("rm", ["-rf", unfinished.FullName], ct);
        unfinished.Create();
        var password = await SecretFile.ReadOrCreateAsync(PasswordFile(unfinished), ct);

        var database = await SiteDatabase.CreateAsync(servers.MariaDb, $"template_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}", ct);
        try
        {
            var tree = Path.Combine(unfinished.FullName, "www");
            var configuration = Path.Combine(tree, "wp-config.php");
            await Command.RunAsync("cp", ["-a", core.FullName, tree], ct);
            await File.WriteAllTextAsync(configuration, SiteFiles.WordPress(options, database), ct);
            await RunAsync("install.php", tree, new() { ["CLONEHUB_SITE_URL"] = $"http://{Address}", ["CLONEHUB_ADMIN_PASSWORD"] = password }, ct);
            await RunAsync(
                "fill.php", tree,
                new() { ["CLONEHUB_CONTENT"] = options.Content.ToString().ToLowerInvariant(), ["CLONEHUB_TEST_DATA"] = testData?.FullName ?? "" },
                ct);
            await database.DumpAsync(Path.Combine(unfinished.FullName, "dump.sql"), ct);
            File.Delete(configuration);
            await SiteFiles.WebAccount.OwnAsync(tree, ct);
        }
        finally
        {
            await database.DropAsync(CancellationToken.None);
        }

        Directory.Move(unfinished.FullName, folder.FullName);
    }

    private static Task<string> RunAsync(string script, string tree, Dictionary<string, string> settings, CancellationToken ct) => Command.RunAsync(
        "php",
        ["-d", "memory_limit=512M", "-d", "sendmail_path=/bin/true", Repository.Path("wordpress", "demo-site", script), tree],
        new CommandSettings { Environment = settings },
        ct);

    private static string PasswordFile(DirectoryInfo folder) => Path.Combine(folder.FullName, "admin-password");

    /// <summary>Changes when WordPress, the scripts that fill a site or the content they find change.</summary>
    private static string Fingerprint(DirectoryInfo core, DirectoryInfo? testData)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{core.Name} {testData?.FullName}"));
        foreach (var script in Directory.GetFiles(Repository.Path("wordpress", "demo-site"), "*.php").Order(StringComparer.Ordinal))
            hash.AppendData(File.ReadAllBytes(script));
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..12];
    }
}
