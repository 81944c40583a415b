using System.Security.Cryptography;
using System.Text;
using CloneHub.Dev.WordPress;
using CloneHub.Provisioning.WordPress;
using CloneHub.Testing;
using Xunit.Abstractions;

#pragma warning disable CA5351 // MD5 is what WordPress publishes of its files; nothing here rests on its strength.

namespace CloneHub.Provisioning.Tests.WordPress.Source;

[Trait("Needs", "servers")]
public sealed class SourceChannelTests(SourceSiteFixture fixture, ITestOutputHelper output) : IClassFixture<SourceSiteFixture>
{
    private SourceSite Site => fixture.Site;

    [Fact]
    public async Task A_source_is_left_exactly_as_it_was_found()
    {
        await WarmUpAsync();
        var before = await SiteState.TakeAsync(Site);

        var clock = TimeProvider.System.GetTimestamp();
        await using var channel = await SourceTests.ConnectAsync(Site);
        output.WriteLine($"connect: {TimeProvider.System.GetElapsedTime(clock).TotalMilliseconds:0} ms");
        var schema = await channel.SchemaAsync(CancellationToken.None);
        await channel.DumpAllAsync([.. schema.Tables.Select(table => table.ToDumpRequest())]);
        await channel.ByeAsync(CancellationToken.None);

        Assert.Equal(before, await SiteState.TakeAsync(Site));
    }

    [Fact]
    public async Task Hello_tells_what_the_site_is()
    {
        await using var channel = await SourceTests.ConnectAsync(Site);
        var facts = await channel.HelloAsync(CancellationToken.None);

        Assert.Equal(Site.Url.AbsoluteUri.TrimEnd('/'), facts.SiteUrl);
        Assert.Equal(Site.Url.AbsoluteUri.TrimEnd('/'), facts.HomeUrl);
        Assert.Equal(Site.Root.FullName.TrimEnd('/') + "/", facts.AbsolutePath);
        Assert.Equal("wp_", facts.TablePrefix);
        Assert.StartsWith("6.", facts.WordPressVersion, StringComparison.Ordinal);
        Assert.Contains("MariaDB", facts.DatabaseVersion, StringComparison.Ordinal);
        Assert.DoesNotContain(facts.ActivePlugins, plugin => plugin.StartsWith("clonehub-", StringComparison.Ordinal));
        Assert.DoesNotContain(facts.Defines.Keys, name => name.StartsWith("DB_", StringComparison.Ordinal) || name.EndsWith("_KEY", StringComparison.Ordinal));
        await channel.ByeAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Every_row_of_every_table_arrives_byte_for_byte()
    {
        await using var channel = await SourceTests.ConnectAsync(Site);
        var schema = await channel.SchemaAsync(CancellationToken.None);
        var dump = await channel.DumpAllAsync([.. schema.Tables.Select(table => table.ToDumpRequest())]);

        Assert.Equal(DumpConsistency.Snapshot, channel.Consistency);
        Assert.Equal(12, schema.Tables.Count);
        foreach (var table in schema.Tables)
        {
            Assert.NotEmpty(table.Key);
            var columns = string.Join(", ", table.Columns.Select(column => $"HEX(`{column.Name}`)"));
            var expected = await Site.QueryAsync($"SELECT {columns} FROM `{table.Name}` ORDER BY {string.Join(", ", table.Key.Select(key => $"`{key}`"))}", default);
            if (table.Name.EndsWith("options", StringComparison.Ordinal)) continue;
            Assert.Equal(expected.Select(Line), dump[table.Name].Select((row, _) => HexLine(table, row)));
        }

        await channel.ByeAsync(CancellationToken.None);

        static string Line(string?[] row) => string.Join('|', row);
        static string HexLine(SourceTable table, byte[]?[] row) => string.Join('|', row.Select((value, at) =>
            value is null ? "" : table.Columns[at].DataType is "bigint" or "int" ? long.Parse(Encoding.ASCII.GetString(value), null).ToString("X", null) : Convert.ToHexString(value)));
    }

    [Fact]
    public async Task Listed_files_arrive_whole_and_secrets_stay()
    {
        await using var channel = await SourceTests.ConnectAsync(Site);
        foreach (var root in new[] { FileRoot.Core, FileRoot.Content })
        {
            var folder = root == FileRoot.Core ? Site.Root.FullName : Path.Combine(Site.Root.FullName, "wp-content");
            var listed = await channel.ListAsync(root, CancellationToken.None).ToListAsync();
            var files = listed.Where(file => file.Kind == SourceFileKind.File).ToList();
            var sums = new Dictionary<string, IncrementalHash>();
            var clock = TimeProvider.System.GetTimestamp();
            await foreach (var chunk in channel.GetAsync(root, [.. files.Select(file => file.Path)], CancellationToken.None))
            {
                Assert.Null(chunk.Fault);
                if (!sums.TryGetValue(chunk.Path, out var sum)) sums[chunk.Path] = sum = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
                sum.AppendData(chunk.Data.Span);
            }

            output.WriteLine($"{root}: {files.Count} files, {files.Sum(file => file.Size)} bytes in {TimeProvider.System.GetElapsedTime(clock).TotalMilliseconds:0} ms");
            foreach (var file in files)
            {
                var expected = Convert.ToHexStringLower(MD5.HashData(await File.ReadAllBytesAsync(Path.Combine(folder, file.Path))));
                Assert.Equal(expected, Convert.ToHexStringLower(sums[file.Path].GetHashAndReset()));
                if (root == FileRoot.Core) Assert.Equal(expected, file.Md5);
            }

            var own = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(folder, path))
                .Where(path => root == FileRoot.Content ? !path.StartsWith("plugins/clonehub-", StringComparison.Ordinal) : !path.StartsWith("wp-content/", StringComparison.Ordinal) && path != "wp-config.php");
            Assert.Equal(own.Order(StringComparer.Ordinal), files.Select(file => file.Path).Order(StringComparer.Ordinal));
        }

        Assert.Contains(channel.LeftOut, name => name.StartsWith("wp-config.php ", StringComparison.Ordinal));
        var secret = await channel.GetAsync(FileRoot.Core, ["wp-config.php"], CancellationToken.None).ToListAsync();
        Assert.NotNull(Assert.Single(secret).Fault);
        await channel.ByeAsync(CancellationToken.None);
    }

    private async Task WarmUpAsync()
    {
        // A visit of wp-admin makes WordPress put its own house in order once; that is not the connector's doing.
        await using var channel = await SourceTests.ConnectAsync(Site);
        await channel.ByeAsync(CancellationToken.None);
    }
}
