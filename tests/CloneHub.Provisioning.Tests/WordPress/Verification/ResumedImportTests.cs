using CloneHub.Provisioning.Tests.WordPress.Import;
using CloneHub.Provisioning.WordPress.Import;
using MySqlConnector;

namespace CloneHub.Provisioning.Tests.WordPress.Verification;

/// <summary>An import of a whole site that is cut off again and again.</summary>
[Trait("Needs", "servers")]
public sealed class ResumedImportTests(ImportedSite site) : IClassFixture<ImportedSite>
{
    private const int Cuts = 4;
    private const int Files = 500;

    /// <summary>How often an attempt may look whether it is still the one, which it does before each batch of files.</summary>
    private const int Looks = 4;
    private const string Folder = "uploads/many";

    [Fact]
    public async Task What_was_brought_and_told_is_not_asked_for_again_and_nothing_of_the_account_stays()
    {
        await site.Site.RunPhpAsync(
            $"mkdir(WP_CONTENT_DIR . '/{Folder}'); for ($at = 0; $at < {Files}; ++$at) file_put_contents(WP_CONTENT_DIR . \"/{Folder}/$at.bin\", str_repeat(random_bytes(1 << 10), 100));"
            + "$GLOBALS['wpdb']->query('CREATE TABLE wp_large (id INT PRIMARY KEY, v LONGTEXT)'); $GLOBALS['wpdb']->query('INSERT INTO wp_large SELECT seq, REPEAT(MD5(seq), 100) FROM seq_1_to_4000'); $GLOBALS['wpdb']->query('ANALYZE TABLE wp_large');",
            CancellationToken.None);
        var whole = await SentAsync(() => ImportToAsync(cuts: 0));

        // The first comes as far as the large table, each of the others a batch or two of files further.
        var broken = await SentAsync(() => ImportToAsync(Cuts));

        // A listing, the tables' definitions, and what is under way when it is cut off: that lies in the buffers of sockets as well.
        Assert.InRange(broken - whole, 1, Cuts * (5 << 20));
    }

    private async Task ImportToAsync(int cuts)
    {
        var target = await site.NewTargetAsync(port: 1);
        for (var cut = 0; cut < cuts; cut++)
        {
            var (isFirst, looks) = (cut == 0, 0);
            var fault = await Assert.ThrowsAnyAsync<Exception>(() => site.ImportAsync(
                target, async _ =>
                {
                    if (isFirst ? await HasLargeTableAsync(target) : Interlocked.Increment(ref looks) > Looks) throw new TimeoutException("cut off");
                },
                attempt: cut + 1));
            Assert.True(fault is TimeoutException, fault.ToString());
        }

        await site.ImportAsync(target, attempt: cuts + 1);
        Assert.Empty(target.Account.EnumerateFiles());
        Assert.DoesNotContain((await new TableReader(target.DatabaseConnectionString).SchemaAsync()).Tables, table => table.Name == ImportCursors.Table);
        Assert.Equal(cuts == 0, site.Report.Proof!.IsSnapshot);
        Assert.Equal(Files, Arrived(target));
    }

    private static int Arrived(CloneTarget target) =>
        Directory.Exists(Path.Combine(target.ContentRoot, Folder)) ? Directory.GetFiles(Path.Combine(target.ContentRoot, Folder), "*.bin").Length : 0;

    private static async Task<bool> HasLargeTableAsync(CloneTarget target)
    {
        await using var connection = new MySqlConnection(target.DatabaseConnectionString);
        await connection.OpenAsync();
        await using var command = new MySqlCommand($"SELECT COUNT(*) FROM `{ImportCursors.Table}` WHERE name = 'wp_large' AND state LIKE '%\"Proof\":{{%'", connection);
        try
        {
            return (long)(await command.ExecuteScalarAsync())! == 1;
        }
        catch (MySqlException fault) when (fault.ErrorCode == MySqlErrorCode.NoSuchTable)
        {
            // Nothing has been begun.
            return false;
        }
    }

    /// <returns>Bytes that the source has sent in answer to a POST meanwhile.</returns>
    private async Task<long> SentAsync(Func<Task> work)
    {
        var before = await site.Site.PostedBytesAsync(CancellationToken.None);
        await work();
        return await site.Site.PostedBytesAsync(CancellationToken.None) - before;
    }
}
