using System.Globalization;
using CloneHub.Dev.WordPress;
using CloneHub.Testing;
using MySqlConnector;
using Npgsql;

namespace CloneHub.EndToEnd.Tests;

/// <summary>What clones leave on the machine and on their sources, found without asking CloneHub.</summary>
internal sealed class Traces(HostProcess host, ServersFixture servers)
{
    /// <summary>Everything that exists of one clone: databases, accounts, folders, processes, sockets.</summary>
    public async Task<IReadOnlyList<string>> OfCloneAsync(string job)
    {
        var key = job["job-".Length..];
        var found = new List<string>();
        await using (var connection = new MySqlConnection(servers.MariaDb))
        {
            await connection.OpenAsync();
            found.AddRange(await NamesAsync(connection, $"select concat('database ', schema_name) from information_schema.schemata where schema_name like '%{key}%'"));
            found.AddRange(await NamesAsync(connection, $"select concat('account ', user) from mysql.user where user like '%{key}%'"));
        }

        found.AddRange(Directory.EnumerateFileSystemEntries(host.State.FullName, $"*{key}*", SearchOption.AllDirectories).Select(path => $"file {path}"));
        found.AddRange(Directory.EnumerateFileSystemEntries(servers.Servers.Sockets.FullName, $"*{key}*", SearchOption.AllDirectories).Select(path => $"socket {path}"));
        found.AddRange(Processes(key).Select(process => $"process {process}"));
        return found;
    }

    /// <summary>php-fpm masters of one clone.</summary>
    public static IReadOnlyList<string> Masters(string job) => [.. Processes(job["job-".Length..]).Where(p => p.Contains("master", StringComparison.Ordinal))];

    /// <summary>What is left of connectors on a source: nothing, once its jobs are over.</summary>
    public static async Task<IReadOnlyList<string>> OnSourceAsync(SourceSite source)
    {
        var found = new List<string>();
        found.AddRange(Directory.EnumerateFileSystemEntries(Path.Combine(source.Root.FullName, "wp-content"), "*clonehub*", SearchOption.AllDirectories));
        await AddAsync("select concat('option ', option_name) from wp_options where option_name like '%clonehub%' or (option_name = 'active_plugins' and option_value like '%clonehub%')");
        await AddAsync("select concat('user ', user_login) from wp_users where user_login like '%clonehub%'");
        await AddAsync("select concat('post ', ID) from wp_posts where post_title like '%clonehub%' or post_name like '%clonehub%'");
        await AddAsync("select concat('session of user ', user_id) from wp_usermeta where meta_key = 'session_tokens' and meta_value <> ''");
        return found;

        async Task AddAsync(string sql) => found.AddRange((await source.QueryAsync(sql, CancellationToken.None)).Select(row => row[0]!));
    }

    /// <summary>The job's history as the event log has it: versions and names.</summary>
    public static async Task<IReadOnlyList<(long Version, string Name)>> HistoryAsync(string postgreSql, string job)
    {
        await using var database = NpgsqlDataSource.Create(postgreSql);
        await using var command = database.CreateCommand("select version, type from clonehub.mt_events where stream_id = $1 order by version");
        command.Parameters.Add(new NpgsqlParameter { Value = job });
        await using var reader = await command.ExecuteReaderAsync();
        var events = new List<(long, string)>();
        while (await reader.ReadAsync()) events.Add((reader.GetInt64(0), reader.GetString(1)));
        return events;
    }

    private static async Task<IReadOnlyList<string>> NamesAsync(MySqlConnection connection, string sql)
    {
        await using var command = new MySqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var names = new List<string>();
        while (await reader.ReadAsync()) names.Add(reader.GetString(0));
        return names;
    }

    private static IEnumerable<string> Processes(string key)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out _)) continue;
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

            if (command.Contains(key, StringComparison.Ordinal)) yield return command.Trim();
        }
    }
}
