using CloneHub.Dev.Servers;
using CloneHub.Dev.WordPress;
using MySqlConnector;

namespace CloneHub.Dev.Host;

/// <summary>What local clones have on this machine, and connectors on their sources, found without asking CloneHub.</summary>
internal static class Leftovers
{
    private static readonly string[] OnSourceQueries =
    [
        "select concat('option ', option_name) from wp_options where option_name like '%clonehub%' or (option_name = 'active_plugins' and option_value like '%clonehub%')",
        "select concat('user ', user_login) from wp_users where user_login like '%clonehub%'",
        "select concat('post ', ID) from wp_posts where post_title like '%clonehub%' or post_name like '%clonehub%'",
    ];

    /// <summary>Everything that exists of the clones of these jobs: databases, accounts, files, sockets, processes.</summary>
    /// <param name="state">State directory of the Host.</param>
    public static async Task<IReadOnlyList<string>> OfClonesAsync(PrivateServers servers, DirectoryInfo state, IEnumerable<string> jobs, CancellationToken ct)
    {
        var keys = jobs.Select(job => job["job-".Length..]).ToList();
        List<string> found =
        [
            .. await NamesAsync(servers, "select concat('database ', schema_name) from information_schema.schemata", ct),
            .. await NamesAsync(servers, "select concat('account ', user) from mysql.user", ct),
            .. Entries(new DirectoryInfo(LocalClones.Folder(state)), "*"),
            .. Entries(servers.Sockets, "*"),
            .. Processes(),
        ];
        return [.. found.Where(name => keys.Exists(key => name.Contains(key, StringComparison.Ordinal)))];
    }

    /// <summary>What is left of connectors on a source: nothing, once its jobs are over.</summary>
    public static async Task<IReadOnlyList<string>> OnSourceAsync(SourceSite source, CancellationToken ct)
    {
        var found = Entries(new DirectoryInfo(Path.Combine(source.Root.FullName, "wp-content")), "*clonehub*").ToList();
        foreach (var query in OnSourceQueries) found.AddRange((await source.QueryAsync(query, ct)).Select(row => row[0]!));
        return found;
    }

    /// <summary>Command lines of all processes of this machine.</summary>
    public static IEnumerable<string> Processes()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(folder => Path.GetFileName(folder).All(char.IsAsciiDigit)))
        {
            string command;
            try
            {
                command = File.ReadAllText(Path.Combine(folder, "cmdline")).Replace('\0', ' ');
            }
            catch (IOException)
            {
                // It ended between the two looks.
                continue;
            }

            yield return $"process {Path.GetFileName(folder)} {command.Trim()}";
        }
    }

    private static IEnumerable<string> Entries(DirectoryInfo folder, string pattern) =>
        folder.Exists ? Directory.EnumerateFileSystemEntries(folder.FullName, pattern, SearchOption.AllDirectories) : [];

    private static async Task<List<string>> NamesAsync(PrivateServers servers, string sql, CancellationToken ct)
    {
        await using var connection = new MySqlConnection($"{servers.MariaDbConnectionString};Pooling=false");
        await connection.OpenAsync(ct);
        await using var command = new MySqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var names = new List<string>();
        while (await reader.ReadAsync(ct)) names.Add(reader.GetString(0));
        return names;
    }
}
