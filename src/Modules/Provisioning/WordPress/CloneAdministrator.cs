using System.Text.RegularExpressions;
using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress.Import;
using MySqlConnector;

namespace CloneHub.Provisioning.WordPress;

/// <summary>Asks the plugin inside a clone who it is and has it make the caller's administrator.</summary>
/// <param name="address">Where <paramref name="http"/> reaches the clone's web server; it is asked for the clone's public host.</param>
/// <param name="mark">File that keeps the log-in name which was chosen.</param>
internal sealed partial class CloneAdministrator(HttpClient http, Uri address, CloneTarget target, string mark, TimeProvider clock)
{
    private const string Login = "clonehub";

    public async Task<PluginReport> AdoptAsync(Secret connectorKey, Secret password, CancellationToken cancellation)
    {
        using var plugin = new ClonePlugin(http, address, target.PublicUrl.Authority, target.Job, connectorKey, clock);
        var facts = await plugin.HelloAsync(cancellation);
        if (facts.JobId != target.Job.Value || facts.PluginVersion != CustomMigratorPackage.Version)
            throw new StepFaultException(new StepFault(
                "ACTIVATION_FATAL", "Another plugin than the one of this job answers inside the clone.", "It is tried again.", Retryable: true));
        var username = await ChooseLoginAsync(cancellation);
        return await plugin.AdoptAsync(username, $"{username}@{target.PublicUrl.Host}", password, cancellation);
    }

    // A repeat must find the account it made before, and must not take it for one that came with the source.
    private async Task<string> ChooseLoginAsync(CancellationToken cancellation)
    {
        if (File.Exists(mark)) return await File.ReadAllTextAsync(mark, cancellation);
        var login = await IsTakenAsync(cancellation) ? $"{Login}-{target.Job.Key[..4]}" : Login;
        await File.WriteAllTextAsync(mark, login, cancellation);
        return login;
    }

    /// <summary>Whether the clone's content has a user of that name. The prefix comes from the clone's own configuration.</summary>
    private async Task<bool> IsTakenAsync(CancellationToken cancellation)
    {
        var config = await File.ReadAllTextAsync(Path.Combine(target.Root.FullName, "wp-config.php"), cancellation);
        var prefix = TablePrefix().Match(config) is { Success: true } found ? found.Groups[1].Value : "wp_";
        await using var connection = new MySqlConnection(target.DatabaseConnectionString);
        await connection.OpenAsync(cancellation);
        await using var query = new MySqlCommand($"SELECT COUNT(*) FROM {TableDdl.Quote(prefix + "users")} WHERE user_login = @login", connection);
        query.Parameters.AddWithValue("@login", Login);
        return await query.ExecuteScalarAsync(cancellation) is > 0L;
    }

    [GeneratedRegex(@"\$table_prefix\s*=\s*'([^']*)'")]
    private static partial Regex TablePrefix();
}
