using CloneHub.Dev.Host;
using CloneHub.Dev.WordPress;
using MySqlConnector;

namespace CloneHub.Benchmarks;

/// <summary>What jobs that are over have left on this machine and on their source, found without asking CloneHub.</summary>
internal static class Leftovers
{
    private static readonly string[] OnSourceQueries =
    [
        "select concat('option ', option_name) from wp_options where option_name like '%clonehub%' or (option_name = 'active_plugins' and option_value like '%clonehub%')",
        "select concat('user ', user_login) from wp_users where user_login like '%clonehub%'",
        "select concat('post ', ID) from wp_posts where post_title like '%clonehub%' or post_name like '%clonehub%'",
    ];

    public static async Task<IReadOnlyList<string>> FindAsync(Stage stage, SourceSite source, IEnumerable<string> jobs, CancellationToken ct)
    {
        var keys = jobs.Select(job => job["job-".Length..]).ToList();
        List<string> found =
        [
            .. await NamesAsync(stage, "select concat('database ', schema_name) from information_schema.schemata", ct),
            .. await NamesAsync(stage, "select concat('account ', user) from mysql.user", ct),
            .. Directory.EnumerateFileSystemEntries(LocalClones.Folder(stage.State), "*", SearchOption.AllDirectories),
            .. Directory.EnumerateFileSystemEntries(stage.Servers.Sockets.FullName, "*", SearchOption.AllDirectories),
            .. Processes(),
        ];
        return [.. found.Where(name => keys.Exists(key => name.Contains(key, StringComparison.Ordinal))), .. await OnSourceAsync(source, ct)];
    }

    private static async Task<IEnumerable<string>> OnSourceAsync(SourceSite source, CancellationToken ct)
    {
        var found = Directory.EnumerateFileSystemEntries(Path.Combine(source.Root.FullName, "wp-content"), "*clonehub*", SearchOption.AllDirectories).ToList();
        foreach (var query in OnSourceQueries) found.AddRange((await source.QueryAsync(query, ct)).Select(row => row[0]!));
        return found;
    }

    private static async Task<List<string>> NamesAsync(Stage stage, string sql, CancellationToken ct)
    {
        await using var connection = new MySqlConnection($"{stage.Servers.MariaDbConnectionString};Pooling=false");
        await connection.OpenAsync(ct);
        await using var command = new MySqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var names = new List<string>();
        while (await reader.ReadAsync(ct)) names.Add(reader.GetString(0));
        return names;
    }

    private static IEnumerable<string> Processes()
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
}
