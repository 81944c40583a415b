using System.Security.Cryptography;
using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Provisioning.WordPress.Rewriting;
using MySqlConnector;

namespace CloneHub.Provisioning.WordPress.PublicSite;

/// <summary>Sends a request to the clone by its public address, before its route is open.</summary>
internal delegate Task<HttpResponseMessage> CloneDoor(HttpRequestMessage request, CancellationToken cancellation);

/// <summary>Has WordPress install itself into the clone: only it knows the tables, options and roles of its version.</summary>
internal sealed class FreshSite(CloneTarget target, CloneDoor clone)
{
    internal const string TablePrefix = "wp_";

    /// <summary>The installer reads this file first: no sample content, no mail, no trial of addresses that do not lead here yet.</summary>
    private const string InstallDropIn = """
        <?php
        // Written by CloneHub for the installation of this clone, and removed after it.
        function wp_install_defaults( $user_id ) {}
        function wp_new_blog_notification( $title, $url, $user, $password ) {}
        add_filter( 'pre_option_permalink_structure', static fn () => '/%postname%/' );

        """;

    private string DropIn => Path.Combine(target.ContentRoot, "install.php");

    /// <summary>Tables as on the first day, without any content or user. What an earlier attempt left goes.</summary>
    internal async Task InstallAsync(
        SourceFacts facts, CloneKeys keys, ContentRewriter rewriter, ImportWarnings warnings, MySqlConnection connection, CancellationToken cancellation)
    {
        await DropTablesAsync(connection, cancellation);
        WpConfig.Write(target, WpConfig.Text(target, facts, keys, rewriter, warnings));
        await File.WriteAllTextAsync(DropIn, InstallDropIn, cancellation);
        try
        {
            await RunInstallerAsync(cancellation);
        }
        finally
        {
            File.Delete(DropIn);
        }

        await RequireInstalledAsync(connection, cancellation);
    }

    private async Task RunInstallerAsync(CancellationToken cancellation)
    {
        // The installer wants an administrator, who goes with the rest before any content comes.
        var password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["weblog_title"] = "Clone",
            ["user_name"] = "installer",
            ["admin_password"] = password,
            ["admin_password2"] = password,
            ["admin_email"] = "installer@example.invalid",
            ["blog_public"] = "0",
        });
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"{target.PublicAddress}/wp-admin/install.php?step=2")) { Content = form };
        using var answer = await clone(request, cancellation);
        await answer.Content.CopyToAsync(Stream.Null, cancellation);
        if (!answer.IsSuccessStatusCode) throw NotInstalled($"the installer answers {(int)answer.StatusCode}");
    }

    private static async Task DropTablesAsync(MySqlConnection connection, CancellationToken cancellation)
    {
        var tables = new List<string>();
        await using (var query = new MySqlCommand("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()", connection))
        await using (var rows = await query.ExecuteReaderAsync(cancellation))
            while (await rows.ReadAsync(cancellation)) tables.Add(rows.GetString(0));
        foreach (var table in tables) await ImportSession.ExecuteAsync(connection, $"DROP TABLE {TableDdl.Quote(table)}", cancellation);
    }

    private static async Task RequireInstalledAsync(MySqlConnection connection, CancellationToken cancellation)
    {
        try
        {
            await using var query = new MySqlCommand(
                $"SELECT option_value FROM {TablePrefix}options WHERE option_name = '{TablePrefix}user_roles' AND EXISTS (SELECT 1 FROM {TablePrefix}users)", connection);
            if (await query.ExecuteScalarAsync(cancellation) is null) throw NotInstalled("it left no roles or no user");
        }
        catch (MySqlException fault) when (fault.ErrorCode == MySqlErrorCode.NoSuchTable)
        {
            throw NotInstalled(fault.Message);
        }
    }

    private static StepFaultException NotInstalled(string why) => ImportFault.Failed($"WordPress could not be installed into the clone: {why}.", retryable: true);
}
