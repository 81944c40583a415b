using CloneHub.Dev.Host;
using CloneHub.Dev.WordPress;
using CloneHub.Testing;
using Npgsql;

namespace CloneHub.EndToEnd.Tests;

/// <summary>What clones leave on the machine and on their sources, found without asking CloneHub.</summary>
internal sealed class Traces(HostProcess host, ServersFixture servers)
{
    /// <summary>Everything that exists of one clone: databases, accounts, folders, processes, sockets.</summary>
    public Task<IReadOnlyList<string>> OfCloneAsync(string job) => Leftovers.OfClonesAsync(servers.Servers, host.State, [job], CancellationToken.None);

    /// <summary>php-fpm masters of one clone.</summary>
    public static IReadOnlyList<string> Masters(string job) =>
        [.. Leftovers.Processes().Where(p => p.Contains(job["job-".Length..], StringComparison.Ordinal) && p.Contains("master", StringComparison.Ordinal))];

    /// <summary>What is left of connectors and of log-ins on a source: nothing, once its jobs are over.</summary>
    public static async Task<IReadOnlyList<string>> OnSourceAsync(SourceSite source)
    {
        const string Sessions = "select concat('session of user ', user_id) from wp_usermeta where meta_key = 'session_tokens' and meta_value <> ''";
        return [.. await Leftovers.OnSourceAsync(source, CancellationToken.None), .. (await source.QueryAsync(Sessions, CancellationToken.None)).Select(row => row[0]!)];
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
}
