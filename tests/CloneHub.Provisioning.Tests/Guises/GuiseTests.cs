using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using CloneHub.Provisioning.FrontDoor;
using CloneHub.Provisioning.Tests.WordPress.Source;
using CloneHub.Provisioning.WordPress;
using CloneHub.Testing;
using MySqlConnector;
using Xunit.Abstractions;

namespace CloneHub.Provisioning.Tests.Guises;

/// <summary>Hosts that make it hard: each site gives all it has, and is left as it was.</summary>
[Trait("Needs", "servers")]
public sealed class GuiseTests(GuiseStage stage, ITestOutputHelper output) : IClassFixture<GuiseStage>
{
    /// <summary>More than PHP takes for one answer of its five seconds.</summary>
    private const int AnswerMilliseconds = 3_600;

    private const long HugeSize = 5L << 30;

    private static readonly string[] Compared = ["comments", "posts", "term_relationships", "terms"];

    public static TheoryData<string> Names => new(Guise.All.Select(guise => guise.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_site_is_cloned_in_whatever_guise(string name)
    {
        var guise = Guise.All.Single(guise => guise.Name == name);
        var before = stage.Notes;
        var twin = await CloneAsync(stage.Host.Answering(guise.Answer(stage)), guise.IsForVisitors);

        Assert.True(twin.Proof.IsSnapshot);
        Assert.True(stage.Notes > before, $"The site was never met as {name}.");
        await AssertAlikeAsync(twin);
        await AssertLeftAsync();
    }

    [Fact]
    public async Task A_site_with_everything_against_it_is_cloned_and_its_clone_works()
    {
        var twin = await CloneAsync(stage.Plain, isHandedOver: true);

        await AssertAlikeAsync(twin);
        await AssertLeftAsync();
        Assert.Equal(0, new FileInfo(Path.Combine(twin.Content.FullName, "uploads/empty.txt")).Length);
        Assert.Contains("Addresses of the source stay that are written letter by letter, as entities or escapes: x7_posts.post_content", twin.Warnings);
        Assert.Equal(1, await CountAsync(twin.Database, "x7_usermeta JOIN x7_users ON ID = user_id WHERE user_login = 'clonehub' AND meta_key = 'x7_capabilities'"));
        Assert.Equal(0, await CountAsync(twin.Database, "information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME NOT LIKE 'x7\\_%'"));
        await AssertServesAsync(twin.Address!);
    }

    /// <summary>Its first look at a file is its last.</summary>
    [Fact]
    public async Task PHP_that_never_looks_twice_meets_every_attempt_for_the_first_time()
    {
        var order = SourceTests.OrderFor(stage.Plain);
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            await using var channel = await SourceTests.Connector.ConnectAsync(order, SourceTests.Administrator(stage.Site), attempt, default);
            var facts = await channel.HelloAsync(default);
            Assert.Equal((GuiseStage.Prefix, 64L << 20, 5), (facts.TablePrefix, facts.MemoryLimit, facts.MaxExecutionTime));
            Assert.NotEmpty((await channel.SchemaAsync(default)).Tables);
            if (attempt == 3) Assert.Empty(await channel.ByeAsync(default));
        }

        await AssertLeftAsync();
    }

    [Fact]
    public async Task PHP_whose_five_seconds_are_nearly_over_goes_on_in_another_answer()
    {
        var (dumps, sums) = (0, 0);
        var twin = await CloneAsync(stage.Host.Answering(async context =>
        {
            var operation = GuiseStage.OperationOf(context.Request);
            if ((operation == "dump" && Interlocked.Increment(ref dumps) == 1) || (operation == "ranges" && Interlocked.Increment(ref sums) == 1)) await HoldUpAsync(() => stage.Host.PassAsync(context));
            else await stage.Host.PassAsync(context);
        }));

        Assert.True(dumps > 1, "All tables came in one answer.");
        Assert.True(sums > 1, "All tables were summed in one answer.");
        Assert.Equal((false, true), (twin.Proof.IsSnapshot, twin.Proof.IsCompared));
        Assert.DoesNotContain(twin.Warnings, warning => warning.Contains("several transactions", StringComparison.Ordinal));
        await AssertAlikeAsync(twin);
        await AssertLeftAsync();
    }

    [Fact]
    public async Task Who_writes_meanwhile_is_seen_before_or_after()
    {
        await stage.Site.QueryAsync("CREATE TABLE x7_debit (id INT AUTO_INCREMENT PRIMARY KEY, note VARCHAR(200)); CREATE TABLE x7_credit LIKE x7_debit", default);
        using var stop = new CancellationTokenSource();
        var writing = WritePairsAsync(stop.Token);
        try
        {
            await Eventually.Until("somebody writes", async () => await CountAsync(stage.Site.ConnectionString, "x7_credit") > 0);
            var twin = await CloneAsync(stage.Plain);
            var pairs = await CountAsync(twin.Database, "x7_debit");
            await Eventually.Until("somebody goes on writing", async () => await CountAsync(stage.Site.ConnectionString, "x7_credit") > pairs);

            Assert.True(twin.Proof.IsSnapshot);
            Assert.True(pairs > 0, "Nothing had been written yet.");
            Assert.Equal(pairs, await CountAsync(twin.Database, "x7_credit"));
            Assert.Equal(0, await CountAsync(twin.Database, "x7_debit LEFT JOIN x7_credit USING (id) WHERE x7_credit.id IS NULL"));
        }
        finally
        {
            await stop.CancelAsync();
            await writing;
            await stage.Site.QueryAsync("DROP TABLE x7_debit, x7_credit", default);
        }
    }

    /// <summary>Five seconds do not suffice to read it, so it is told without its sum; and it goes on wherever it stopped.</summary>
    [Fact]
    public async Task A_file_of_five_gigabytes_is_listed_in_time_and_goes_on_at_its_end()
    {
        var (order, secrets) = (SourceTests.OrderFor(stage.Plain), SourceTests.Administrator(stage.Site));
        using var huge = await MakeHugeAsync();
        await using var channel = await SourceTests.Connector.ConnectAsync(order, secrets, 1, default);
        using var signer = new CallSigner(order.Job, secrets.ConnectorKey, TimeProvider.System);
        using var http = new SourceHttp(new SourceOptions { AllowLoopback = true }, TimeProvider.System);
        var endpoint = new Uri(stage.Plain, "?clonehub");
        await using var hasty = new SourceChannel(http, endpoint, signer, await channel.HelloAsync(default), "", TimeProvider.System) { AnswerSeconds = 0.3 };

        var listed = (await hasty.ListAsync(FileRoot.Content, default, isHasty: true).ToListAsync()).Where(file => file.Kind == SourceFileKind.File).ToDictionary(file => file.Path);
        var wish = $$"""{"root":"content","files":[["huge.bin",{{HugeSize - 6}},{{listed["huge.bin"].ModifiedUnix}}]]}""";
        await using var reader = await new SourceCalls(http.SendAsync, endpoint, signer, TimeProvider.System).OpenAsync("get", Encoding.UTF8.GetBytes(wish), default);
        var frame = await reader.ReadAsync();

        Assert.Equal((HugeSize, null), (listed["huge.bin"].Size, listed["huge.bin"].Md5));
        Assert.Equal((0L, "d41d8cd98f00b204e9800998ecf8427e"), (listed["uploads/empty.txt"].Size, listed["uploads/empty.txt"].Md5));
        Assert.All(listed.Values.Where(file => file.Path != "huge.bin"), file => Assert.NotNull(file.Md5));
        Assert.Equal((FrameType.FileData, "\0\0tail"), (frame.Type, Encoding.ASCII.GetString(frame.Payload.Span[^6..])));
        Assert.Equal(FrameType.End, (await reader.ReadAsync()).Type);
        await channel.ByeAsync(default);
    }

    [Fact]
    [Trait("Takes", "long")]
    public async Task A_file_of_five_gigabytes_arrives_whole()
    {
        using var huge = await MakeHugeAsync();
        var twin = await CloneAsync(stage.Plain);

        await using var copy = File.OpenRead(Path.Combine(twin.Content.FullName, "huge.bin"));
        var tail = new byte[6];
        copy.Position = HugeSize - 6;
        await copy.ReadExactlyAsync(tail);
        Assert.Equal((HugeSize, "\0\0tail"), (copy.Length, Encoding.ASCII.GetString(tail)));
        Assert.Equal(twin.Proof.Files.SourceSum, twin.Proof.Files.CloneSum);
        File.Delete(copy.Name);
    }

    private async Task<Twin> CloneAsync(Uri source, bool isHandedOver = false)
    {
        var started = Stopwatch.GetTimestamp();
        var twin = await stage.CloneAsync(source, isHandedOver);
        output.WriteLine($"{Stopwatch.GetElapsedTime(started).TotalMilliseconds:0} ms: {string.Join(" | ", twin.Warnings)}");
        return twin;
    }

    /// <summary>Tables and files are what they are at the source: its texts name another host than that of a guise, so nothing is rewritten.</summary>
    private async Task AssertAlikeAsync(Twin twin)
    {
        foreach (var table in Compared.Select(name => GuiseStage.Prefix + name))
        {
            string[] columns = [.. (await stage.Site.QueryAsync($"SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '{table}' ORDER BY ORDINAL_POSITION", default)).Select(row => row[0]!)];
            Assert.Equal((table, await TableSums.OfAsync(stage.Site.ConnectionString, table, columns)), (table, await TableSums.OfAsync(twin.Database, table, columns)));
        }

        Assert.Equal(SumsOf(new DirectoryInfo(Path.Combine(stage.Site.Root.FullName, "wp-content"))), SumsOf(twin.Content));
    }

    private static Dictionary<string, string> SumsOf(DirectoryInfo content) => content.EnumerateFiles("*", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(content.FullName, file.FullName)).Where(path => !path.StartsWith("plugins/custom-migrator/", StringComparison.Ordinal))
        .ToDictionary(path => path, path => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(Path.Combine(content.FullName, path)))));

    private async Task AssertLeftAsync()
    {
        Assert.Empty(Directory.GetFileSystemEntries(stage.Site.Root.FullName, "clonehub-*", SearchOption.AllDirectories));
        Assert.Empty(await stage.Site.QueryAsync("SELECT option_name FROM x7_options WHERE option_name LIKE 'clonehub%' OR (option_name = 'active_plugins' AND option_value LIKE '%clonehub%')", default));
        Assert.Empty(await stage.Site.QueryAsync("SELECT * FROM x7_usermeta WHERE meta_key = 'session_tokens' AND meta_value NOT IN ('', 'a:0:{}')", default));
        Assert.Empty(await stage.Site.QueryAsync("SELECT ID FROM x7_posts WHERE post_title LIKE '%clonehub%'", default));
    }

    /// <summary>Addresses without names lead to pages, and REST is as closed as at the source.</summary>
    private async Task AssertServesAsync(Uri clone)
    {
        var http = stage.Get<PublicRoute>().Http;
        var home = await http.GetStringAsync(clone);
        var post = (await stage.Site.QueryAsync("SELECT ID, post_title FROM x7_posts WHERE post_type = 'post' AND post_status = 'publish' ORDER BY ID LIMIT 1", default))[0];
        Assert.Contains($"{clone}?p={post[0]}\"", home, StringComparison.Ordinal);
        Assert.DoesNotContain(stage.Plain.Authority, home, StringComparison.Ordinal);
        Assert.Contains(post[1]!, await http.GetStringAsync(new Uri(clone, $"?p={post[0]}")), StringComparison.Ordinal);
        using var rest = await http.GetAsync(new Uri(clone, "?rest_route=/wp/v2/posts"));
        Assert.Equal(HttpStatusCode.Unauthorized, rest.StatusCode);
    }

    /// <summary>Lets an answer wait for a table until its time is over. Time that PHP waits is not its own, so it goes on.</summary>
    private async Task HoldUpAsync(Func<Task> pass)
    {
        await using var holder = new MySqlConnection(stage.Site.ConnectionString);
        await holder.OpenAsync();
        await QueryAsync(holder, "LOCK TABLES x7_comments WRITE");
        var passing = pass();
        await Eventually.Until(
            "the connector has waited for its table",
            async () => (await stage.Site.QueryAsync($"SELECT ID FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND STATE LIKE 'Waiting for table metadata lock%' AND TIME_MS > {AnswerMilliseconds}", default)).Count > 0,
            TimeSpan.FromMinutes(1));
        await QueryAsync(holder, "UNLOCK TABLES");
        await passing;
    }

    private async Task WritePairsAsync(CancellationToken stop)
    {
        await using var connection = new MySqlConnection(stage.Site.ConnectionString);
        await connection.OpenAsync(CancellationToken.None);
        while (!stop.IsCancellationRequested)
            await QueryAsync(connection, "START TRANSACTION; INSERT INTO x7_debit (note) VALUES (REPEAT('d', 200)); INSERT INTO x7_credit (note) VALUES (REPEAT('c', 200)); COMMIT");
    }

    private static async Task QueryAsync(MySqlConnection connection, string sql)
    {
        await using var command = new MySqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }

    private static async Task<long> CountAsync(string database, string from)
    {
        await using var connection = new MySqlConnection(database);
        await connection.OpenAsync();
        await using var command = new MySqlCommand($"SELECT COUNT(*) FROM {from}", connection);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    /// <summary>A hole and four bytes: it takes no room at the source.</summary>
    private async Task<HugeFile> MakeHugeAsync()
    {
        await stage.Site.RunPhpAsync($"$file = fopen(WP_CONTENT_DIR . '/huge.bin', 'w'); ftruncate($file, {HugeSize - 4}); fseek($file, 0, SEEK_END); fwrite($file, 'tail');", default);
        return new HugeFile(Path.Combine(stage.Site.Root.FullName, "wp-content/huge.bin"));
    }

    private sealed class HugeFile(string path) : IDisposable
    {
        public void Dispose() => File.Delete(path);
    }
}
