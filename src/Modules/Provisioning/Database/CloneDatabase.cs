using CloneHub.Contracts;
using MySqlConnector;

namespace CloneHub.Provisioning.Database;

/// <summary>One database and one user per clone, both called <c>clone_&lt;key&gt;</c>; the user sees nothing else.</summary>
internal sealed class CloneDatabase(CloneServer server)
{
    private const string NamePrefix = "clone_";

    public static string NameOf(JobId job) => NamePrefix + job.Key;

    public string HostForPhp => server.HostForPhp;

    /// <summary>Connection string of the clone's own user.</summary>
    public string ConnectionStringOf(JobId job, Secret password) => server.ConnectionStringFor(NameOf(job), password.Reveal(), NameOf(job));

    public async Task EnsureAsync(JobId job, Secret password, CancellationToken cancellation)
    {
        var name = NameOf(job);
        await using var connection = await server.OpenAsync(cancellation);
        await ExecuteAsync(connection, $"CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4", password, cancellation);
        foreach (var host in server.ClientHosts)
        {
            await ExecuteAsync(connection, $"CREATE USER IF NOT EXISTS '{name}'@'{host}' IDENTIFIED BY @password", password, cancellation);

            // An existing user keeps its old password over CREATE ... IF NOT EXISTS; ALTER makes the given one true.
            await ExecuteAsync(connection, $"ALTER USER '{name}'@'{host}' IDENTIFIED BY @password", password, cancellation);

            // In a grant an underscore stands for any character unless it is escaped.
            await ExecuteAsync(connection, $"GRANT ALL PRIVILEGES ON `{name.Replace("_", "\\_", StringComparison.Ordinal)}`.* TO '{name}'@'{host}'", password, cancellation);
        }
    }

    public async Task RemoveAsync(JobId job, CancellationToken cancellation)
    {
        var name = NameOf(job);
        await using var connection = await server.OpenAsync(cancellation);

        // The user goes first and its connections are cut, so that nobody holds a lock that DROP DATABASE would wait for.
        foreach (var host in await HostsOfAsync(connection, name, cancellation))
            await ExecuteAsync(connection, $"DROP USER IF EXISTS '{name}'@'{host}'", null, cancellation);
        await ExecuteAsync(connection, $"KILL USER '{name}'", null, cancellation);
        await ExecuteAsync(connection, $"DROP DATABASE IF EXISTS `{name}`", null, cancellation);
    }

    /// <summary>
    /// Cuts whatever is connected as the clone's user. An attempt on a node that stands still holds its locks for as long as its connections
    /// are there, and could write through them when it goes on.
    /// </summary>
    public async Task CutAsync(JobId job, CancellationToken cancellation)
    {
        await using var connection = await server.OpenAsync(cancellation);
        await ExecuteAsync(connection, $"KILL USER '{NameOf(job)}'", null, cancellation);
    }

    /// <summary>Jobs that have a database, and jobs that have a user.</summary>
    public async Task<(IReadOnlySet<JobId> Databases, IReadOnlySet<JobId> Users)> ListAsync(CancellationToken cancellation)
    {
        await using var connection = await server.OpenAsync(cancellation);
        return (
            await JobsAsync(connection, @"SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE 'clone\_%'", cancellation),
            await JobsAsync(connection, @"SELECT DISTINCT user FROM mysql.user WHERE user LIKE 'clone\_%'", cancellation));
    }

    private static async Task<IReadOnlyList<string>> HostsOfAsync(MySqlConnection connection, string name, CancellationToken cancellation)
    {
        await using var query = new MySqlCommand("SELECT host FROM mysql.user WHERE user = @name", connection);
        query.Parameters.AddWithValue("@name", name);
        await using var rows = await query.ExecuteReaderAsync(cancellation);
        var hosts = new List<string>();
        while (await rows.ReadAsync(cancellation)) hosts.Add(rows.GetString(0));
        return hosts;
    }

    private static async Task<IReadOnlySet<JobId>> JobsAsync(MySqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var query = new MySqlCommand(sql, connection);
        await using var rows = await query.ExecuteReaderAsync(cancellation);
        var jobs = new HashSet<JobId>();
        while (await rows.ReadAsync(cancellation))
        {
            if (JobId.TryParse("job-" + rows.GetString(0)[NamePrefix.Length..], out var job)) jobs.Add(job);
        }

        return jobs;
    }

    private static async Task ExecuteAsync(MySqlConnection connection, string sql, Secret? password, CancellationToken cancellation)
    {
        await using var command = new MySqlCommand(sql, connection);
        if (password is not null) command.Parameters.AddWithValue("@password", password.Reveal());
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
