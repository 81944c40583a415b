using MySqlConnector;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>What is different in a clone: its address, its plugins, and that nobody is logged in. Runs after the rows were compared.</summary>
internal sealed class DatabaseFixes(MySqlDataSource database, CloneTarget target, SourceFacts facts, ImportWarnings warnings)
{
    private readonly string _prefix = WpConfig.Prefix(facts);

    internal async Task RunAsync(CancellationToken cancellation)
    {
        await using var connection = await ImportSession.OpenAsync(database, cancellation);
        await RequireTablesAsync(connection, cancellation);
        await RunAsync(connection, $"UPDATE {Table("options")} SET option_value = @address WHERE option_name IN ('siteurl', 'home')", cancellation);

        // wp-config.php says where the clone has them.
        await RunAsync(connection, $"UPDATE {Table("options")} SET option_value = '' WHERE option_name IN ('upload_path', 'upload_url_path')", cancellation);

        // An empty value makes WordPress work the rules out again, for the plugins that are there now.
        await RunAsync(connection, $"UPDATE {Table("options")} SET option_value = '' WHERE option_name = 'rewrite_rules'", cancellation);
        await RunAsync(connection, $"DELETE FROM {Table("options")} WHERE option_name IN ('_transient_doing_cron', 'doing_cron')", cancellation);
        await ActivatePluginAsync(connection, cancellation);
        await ForgetSessionsAsync(connection, cancellation);
        await ShowFilelessMediaAsync(connection, cancellation);
    }

    private async Task RequireTablesAsync(MySqlConnection connection, CancellationToken cancellation)
    {
        try
        {
            await using var command = new MySqlCommand(
                $"SELECT (SELECT COUNT(*) FROM {Table("users")}), (SELECT COUNT(*) FROM {Table("posts")}), option_value FROM {Table("options")} WHERE option_name = 'siteurl'",
                connection);
            if (await command.ExecuteScalarAsync(cancellation) is null) throw ImportFault.Verification("The clone's options hold no site address.");
        }
        catch (MySqlException fault) when (fault.ErrorCode == MySqlErrorCode.NoSuchTable)
        {
            throw ImportFault.Verification($"The clone lacks tables that every WordPress has: {fault.Message}");
        }
    }

    private async Task ActivatePluginAsync(MySqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new MySqlCommand($"SELECT CAST(option_value AS BINARY) FROM {Table("options")} WHERE option_name = 'active_plugins'", connection);
        var present = await command.ExecuteScalarAsync(cancellation) as byte[];
        var list = PluginList.ForClone(present ?? []);
        if (list is null)
        {
            warnings.Add("The list of active plugins was unreadable and starts anew: only the clone's own plugin is active.");
            list = PluginList.ForClone([]);
        }

        await RunAsync(
            connection, $"INSERT INTO {Table("options")} (option_name, option_value, autoload) VALUES ('active_plugins', @plugins, 'yes') ON DUPLICATE KEY UPDATE option_value = @plugins",
            cancellation, new MySqlParameter("@plugins", MySqlDbType.Blob) { Value = list });
    }

    /// <summary>Log-ins of the source are void here; the user that a connector made for itself never existed. A person may have such a name, but not such an address.</summary>
    private async Task ForgetSessionsAsync(MySqlConnection connection, CancellationToken cancellation)
    {
        await RunAsync(connection, $"DELETE FROM {Table("usermeta")} WHERE meta_key = 'session_tokens'", cancellation);
        const string Temporary = $"user_login REGEXP '^{ConnectorBuild.NamePattern}$' AND user_email = CONCAT(user_login, '{ConnectorBuild.MailTail}')";
        await RunAsync(connection, $"DELETE m FROM {Table("usermeta")} m JOIN {Table("users")} u ON u.ID = m.user_id WHERE {Temporary}", cancellation);
        await RunAsync(connection, $"DELETE FROM {Table("users")} WHERE {Temporary}", cancellation);
    }

    /// <summary>Without a file of its own an attachment is shown by its guid, which is otherwise no address and stays.</summary>
    private Task ShowFilelessMediaAsync(MySqlConnection connection, CancellationToken cancellation) => RunAsync(
        connection,
        $"UPDATE {Table("posts")} p LEFT JOIN {Table("postmeta")} m ON m.post_id = p.ID AND m.meta_key = '_wp_attached_file' "
        + "SET p.guid = CONCAT(@uploads, SUBSTRING(p.guid, CHAR_LENGTH(@source) + 1)) "
        + "WHERE p.post_type = 'attachment' AND m.meta_id IS NULL AND LEFT(p.guid, CHAR_LENGTH(@source)) = @source",
        cancellation, new MySqlParameter("@source", facts.UploadsUrl.TrimEnd('/') + "/"), new MySqlParameter("@uploads", $"{target.PublicAddress}/{facts.UploadsPlace}/"));

    private string Table(string name) => TableDdl.Quote(_prefix + name);

    private async Task RunAsync(MySqlConnection connection, string sql, CancellationToken cancellation, params MySqlParameter[] parameters)
    {
        MySqlParameter[] all = [.. parameters, new("@address", target.PublicAddress)];
        await ImportSession.ExecuteAsync(connection, sql, cancellation, all);
    }
}
