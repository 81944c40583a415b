using MySqlConnector;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>What is different in a clone: its address, its plugins, and that nobody is logged in. Runs after the rows were compared.</summary>
internal sealed class DatabaseFixes(MySqlDataSource database, CloneTarget target, SourceFacts facts, ImportWarnings warnings)
{
    private readonly string _prefix = WpConfig.Prefix(facts);

    /// <summary>All of it or nothing, where the site's tables know transactions.</summary>
    /// <param name="cursors">Mean nothing from then on.</param>
    internal async Task RunAsync(ImportCursors? cursors, CancellationToken cancellation)
    {
        await using var connection = await ImportSession.OpenAsync(database, cancellation);
        await using (var transaction = await connection.BeginTransactionAsync(cancellation))
        {
            await RunAsync(transaction, cancellation);
            if (cursors is not null) await cursors.EndAsync(transaction, cancellation);
            await transaction.CommitAsync(cancellation);
        }

        if (cursors is not null) await ImportCursors.RemoveAsync(connection, cancellation);
    }

    private async Task RunAsync(MySqlTransaction transaction, CancellationToken cancellation)
    {
        await RequireTablesAsync(transaction, cancellation);
        await RunAsync(transaction, $"UPDATE {Table("options")} SET option_value = @address WHERE option_name IN ('siteurl', 'home')", cancellation);

        // wp-config.php says where the clone has them.
        await RunAsync(transaction, $"UPDATE {Table("options")} SET option_value = '' WHERE option_name IN ('upload_path', 'upload_url_path')", cancellation);

        // An empty value makes WordPress work the rules out again, for the plugins that are there now.
        await RunAsync(transaction, $"UPDATE {Table("options")} SET option_value = '' WHERE option_name = 'rewrite_rules'", cancellation);
        await RunAsync(transaction, $"DELETE FROM {Table("options")} WHERE option_name IN ('_transient_doing_cron', 'doing_cron')", cancellation);
        await ActivatePluginAsync(transaction, cancellation);
        await ForgetSessionsAsync(transaction, cancellation);
        await ShowFilelessMediaAsync(transaction, cancellation);
    }

    private async Task RequireTablesAsync(MySqlTransaction transaction, CancellationToken cancellation)
    {
        try
        {
            await using var command = new MySqlCommand(
                $"SELECT (SELECT COUNT(*) FROM {Table("users")}), (SELECT COUNT(*) FROM {Table("posts")}), option_value FROM {Table("options")} WHERE option_name = 'siteurl'",
                transaction.Connection, transaction);
            if (await command.ExecuteScalarAsync(cancellation) is null) throw ImportFault.Verification("The clone's options hold no site address.");
        }
        catch (MySqlException fault) when (fault.ErrorCode == MySqlErrorCode.NoSuchTable)
        {
            throw ImportFault.Verification($"The clone lacks tables that every WordPress has: {fault.Message}");
        }
    }

    private async Task ActivatePluginAsync(MySqlTransaction transaction, CancellationToken cancellation)
    {
        await using var command = new MySqlCommand($"SELECT CAST(option_value AS BINARY) FROM {Table("options")} WHERE option_name = 'active_plugins'", transaction.Connection, transaction);
        var present = await command.ExecuteScalarAsync(cancellation) as byte[];
        var list = PluginList.ForClone(present ?? []);
        if (list is null)
        {
            warnings.Add("The list of active plugins was unreadable and starts anew: only the clone's own plugin is active.");
            list = PluginList.ForClone([]);
        }

        await RunAsync(
            transaction, $"INSERT INTO {Table("options")} (option_name, option_value, autoload) VALUES ('active_plugins', @plugins, 'yes') ON DUPLICATE KEY UPDATE option_value = @plugins",
            cancellation, new MySqlParameter("@plugins", MySqlDbType.Blob) { Value = list });
    }

    /// <summary>Log-ins of the source are void here; the user that a connector made for itself never existed. A person may have such a name, but not such an address.</summary>
    private async Task ForgetSessionsAsync(MySqlTransaction transaction, CancellationToken cancellation)
    {
        await RunAsync(transaction, $"DELETE FROM {Table("usermeta")} WHERE meta_key = 'session_tokens'", cancellation);
        const string Temporary = $"user_login REGEXP '^{ConnectorBuild.NamePattern}$' AND user_email = CONCAT(user_login, '{ConnectorBuild.MailTail}')";
        await RunAsync(transaction, $"DELETE m FROM {Table("usermeta")} m JOIN {Table("users")} u ON u.ID = m.user_id WHERE {Temporary}", cancellation);
        await RunAsync(transaction, $"DELETE FROM {Table("users")} WHERE {Temporary}", cancellation);
    }

    /// <summary>Without a file of its own an attachment is shown by its guid, which is otherwise no address and stays.</summary>
    private Task ShowFilelessMediaAsync(MySqlTransaction transaction, CancellationToken cancellation) => RunAsync(
        transaction,
        $"UPDATE {Table("posts")} p LEFT JOIN {Table("postmeta")} m ON m.post_id = p.ID AND m.meta_key = '_wp_attached_file' "
        + "SET p.guid = CONCAT(@uploads, SUBSTRING(p.guid, CHAR_LENGTH(@source) + 1)) "
        + "WHERE p.post_type = 'attachment' AND m.meta_id IS NULL AND LEFT(p.guid, CHAR_LENGTH(@source)) = @source",
        cancellation, new MySqlParameter("@source", facts.UploadsUrl.TrimEnd('/') + "/"), new MySqlParameter("@uploads", $"{target.PublicAddress}/{facts.UploadsPlace}/"));

    private string Table(string name) => TableDdl.Quote(_prefix + name);

    private async Task RunAsync(MySqlTransaction transaction, string sql, CancellationToken cancellation, params MySqlParameter[] parameters)
    {
        MySqlParameter[] all = [.. parameters, new("@address", target.PublicAddress)];
        await ImportSession.ExecuteAsync(transaction, sql, cancellation, all);
    }
}
