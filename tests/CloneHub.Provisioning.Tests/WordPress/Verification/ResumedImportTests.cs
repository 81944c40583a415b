using System.Globalization;
using CloneHub.Dev.WordPress;
using CloneHub.Provisioning.Tests.WordPress.Import;
using CloneHub.Provisioning.WordPress.Import;

namespace CloneHub.Provisioning.Tests.WordPress.Verification;

/// <summary>An import of a whole site that is cut off again and again.</summary>
[Trait("Needs", "servers")]
public sealed class ResumedImportTests(ImportedSite site) : IClassFixture<ImportedSite>
{
    private const long MostTwice = 9 << 20;

    private static readonly string[] Media = ["uploads/one.bin", "uploads/two.bin", "uploads/three.bin", "uploads/four.bin", "uploads/five.bin", "uploads/six.bin"];

    [Fact]
    public async Task What_was_brought_and_told_is_not_asked_for_again_and_nothing_of_the_account_stays()
    {
        await site.Site.RunPhpAsync(
            $"foreach (['{string.Join("', '", Media)}'] as $at => $name) file_put_contents(WP_CONTENT_DIR . \"/$name\", str_repeat(random_bytes(1 << 10), 7 << 10));"
            + "$GLOBALS['wpdb']->query('CREATE TABLE wp_large (id INT PRIMARY KEY, v LONGTEXT)'); $GLOBALS['wpdb']->query('INSERT INTO wp_large SELECT seq, REPEAT(MD5(seq), 100) FROM seq_1_to_4000'); $GLOBALS['wpdb']->query('ANALYZE TABLE wp_large');",
            CancellationToken.None);
        var whole = await SentAsync(() => ImportToAsync(cuts: 0));

        // Each attempt comes one batch of files further than the one before.
        var broken = await SentAsync(() => ImportToAsync(cuts: 4));

        Assert.InRange(broken - whole, 1, (4 * MostTwice) + (whole / 20));
        Assert.True(broken < 2 * whole, $"{broken} bytes instead of {whole}");
    }

    private async Task ImportToAsync(int cuts)
    {
        var target = await site.NewTargetAsync(port: 1);
        for (var cut = 0; cut < cuts; cut++)
        {
            var batches = 0;
            var fault = await Assert.ThrowsAnyAsync<Exception>(() => site.ImportAsync(
                target,
                _ => File.Exists(Path.Combine(target.Root.FullName, "index.php")) && Interlocked.Increment(ref batches) > 6 ? throw new TimeoutException("cut off") : Task.CompletedTask,
                attempt: cut + 1));
            Assert.True(fault is TimeoutException, fault.ToString());
        }

        await site.ImportAsync(target, attempt: cuts + 1);
        Assert.Empty(target.State.EnumerateFiles());
        Assert.DoesNotContain((await new TableReader(target.DatabaseConnectionString).SchemaAsync()).Tables, table => table.Name == ImportCursors.Table);
        Assert.Equal(cuts == 0, site.Report.Proof!.IsSnapshot);
        foreach (var name in Media)
            Assert.Equal(FileSum.Of(File.ReadAllBytes(Path.Combine(site.Site.Root.FullName, "wp-content", name))), FileSum.Of(File.ReadAllBytes(Path.Combine(target.ContentRoot, name))));
    }

    /// <returns>Bytes that the source has sent in answer to calls meanwhile.</returns>
    private async Task<long> SentAsync(Func<Task> work)
    {
        var before = await CountAsync(site.Site);
        await work();
        return await CountAsync(site.Site) - before;
    }

    private static async Task<long> CountAsync(SourceSite source)
    {
        var bytes = 0L;
        await foreach (var line in File.ReadLinesAsync(Path.Combine(source.Logs.FullName, "access.log")))
        {
            // ... "POST /?clonehub HTTP/1.1" 200 1234 ...
            var parts = line.Split('"');
            if (parts[1].StartsWith("POST /?clonehub ", StringComparison.Ordinal)) bytes += long.Parse(parts[2].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        }

        return bytes;
    }
}
