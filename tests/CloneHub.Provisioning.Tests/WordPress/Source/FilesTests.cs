using CloneHub.Dev.WordPress;
using CloneHub.Provisioning.WordPress;
using CloneHub.Testing;

namespace CloneHub.Provisioning.Tests.WordPress.Source;

/// <summary>Files that are hard to copy, and those that should not be.</summary>
[Trait("Needs", "servers")]
public sealed class FilesTests : IClassFixture<ServersFixture>, IAsyncLifetime
{
    private const string Odd = "uploads/odd";

    /// <summary>Made by the account that PHP runs as, below wp-content.</summary>
    private const string Setup = """
        $content = WP_CONTENT_DIR; $odd = "$content/uploads/odd"; mkdir($odd, 0755, true);
        foreach (['a b.txt', '100%.txt', "q\"uo'te.txt", "new\nline.txt", '😀.txt', 'ü&=#?.txt'] as $name) file_put_contents("$odd/$name", "content of $name");
        file_put_contents("$odd/empty.bin", '');
        file_put_contents("$odd/large.bin", str_repeat(random_bytes(1 << 10), 9000));
        file_put_contents("$odd/unreadable.txt", 'x'); chmod("$odd/unreadable.txt", 0);
        file_put_contents("$odd/bad\xff.txt", 'x');
        file_put_contents("$odd/back\\slash.txt", 'x');
        symlink('a b.txt', "$odd/inside.lnk"); symlink("$odd", "$odd/loop"); symlink('/nowhere', "$odd/dangling"); symlink("$content/uploads", "$odd/up.lnk");
        mkdir($GLOBALS['outside'] = sys_get_temp_dir() . '/' . uniqid('outside')); file_put_contents("$outside/far.txt", 'far away');
        symlink($outside, "$odd/outside"); symlink($outside, "$outside/again");
        foreach (['cache', 'upgrade-temp-backup', 'ai1wm-backups', 'plugins/x/node_modules', 'plugins/x/.git', 'plugins/clonehub-abcdefgh'] as $folder) { mkdir("$content/$folder", 0755, true); file_put_contents("$content/$folder/f.txt", 'x'); }
        file_put_contents("$content/site.wpress", 'x'); file_put_contents("$content/small.log", 'x');
        $log = fopen("$content/large.log", 'w'); ftruncate($log, 11 << 20);
        file_put_contents(ABSPATH . '.user.ini', 'x'); mkdir(ABSPATH . 'other/wp-includes', 0755, true); file_put_contents(ABSPATH . 'other/wp-load.php', 'x');
        mkdir(ABSPATH . 'tools'); file_put_contents(ABSPATH . 'tools/own.html', 'x');
        echo $outside;
        """;

    private readonly ServersFixture _servers;
    private SourceSite _site = null!;
    private SourceChannel _channel = null!;
    private SpoiledLine _line = null!;
    private string _outside = "";

    public FilesTests(ServersFixture servers) => _servers = servers;

    private string Content => Path.Combine(_site.Root.FullName, "wp-content");

    public async Task InitializeAsync()
    {
        _site = await _servers.StartSiteAsync(new SourceSiteOptions { Name = ServersFixture.Unique("s") });
        _outside = await _site.RunPhpAsync(Setup, CancellationToken.None);
        var order = SourceTests.OrderFor(_site.Url);
        var secrets = SourceTests.Administrator(_site);
        _channel = await SourceTests.Connector.ConnectAsync(order, secrets, 1, CancellationToken.None);
        _line = new SpoiledLine(order, secrets, await _channel.HelloAsync(CancellationToken.None));
    }

    public async Task DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _site.DisposeAsync();
        Directory.Delete(_outside, recursive: true);
    }

    [Fact]
    public async Task Odd_names_links_and_sizes_are_listed_as_they_are()
    {
        var listed = (await ListAsync(_channel, FileRoot.Content)).Where(file => file.Path.StartsWith(Odd + "/", StringComparison.Ordinal)).ToDictionary(file => file.Path[(Odd.Length + 1)..]);
        string[] expected =
        [
            "100%.txt", "a b.txt", "empty.bin", "inside.lnk", "large.bin", "loop", "new\nline.txt", "outside", "outside/far.txt", "q\"uo'te.txt", "up.lnk", "ü&=#?.txt", "😀.txt",
        ];
        Assert.Equal(expected, listed.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("a b.txt", listed["inside.lnk"].LinkTarget);
        Assert.Equal(".", listed["loop"].LinkTarget);
        Assert.Equal("..", listed["up.lnk"].LinkTarget);
        Assert.Equal(SourceFileKind.Directory, listed["outside"].Kind);
        Assert.Equal(9000 * 1024, listed["large.bin"].Size);
    }

    [Fact]
    public async Task What_a_copy_can_do_without_is_left_out_and_named()
    {
        var content = await ListAsync(_channel, FileRoot.Content);
        var core = await ListAsync(_channel, FileRoot.Core);
        Assert.DoesNotContain(content, file => file.Path.Contains("node_modules", StringComparison.Ordinal) || file.Path.StartsWith("cache", StringComparison.Ordinal));
        Assert.Contains(content, file => file.Path == "small.log");
        Assert.Contains(core, file => file.Path == "tools/own.html");
        Assert.DoesNotContain(core, file => file.Path.StartsWith("other", StringComparison.Ordinal));
        string[] left =
        [
            ".user.ini", "other", "wp-config.php", "wp-content/ai1wm-backups", "wp-content/cache", "wp-content/large.log", "wp-content/plugins/clonehub-abcdefgh", "wp-content/plugins/x/.git",
            "wp-content/plugins/x/node_modules", "wp-content/site.wpress", "wp-content/upgrade-temp-backup", "wp-content/uploads/odd/back%5Cslash.txt", "wp-content/uploads/odd/dangling",
            "wp-content/uploads/odd/outside/again", "wp-content/uploads/odd/unreadable.txt",
        ];
        Assert.All(left, name => Assert.Contains(_channel.LeftOut, text => text.StartsWith(name + " (", StringComparison.Ordinal)));
        Assert.Contains(_channel.LeftOut, text => text.Contains("bad%FF.txt", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_line_that_breaks_changes_neither_the_list_nor_the_files()
    {
        var expected = await ListAsync(_channel, FileRoot.Content);
        await using var line = await SpoiledLine.StartAsync(_site, SpoiledLine.Cutting());
        await using var channel = _line.Through(line);
        Assert.Equal(expected, await ListAsync(channel, FileRoot.Content));
        await AssertArriveAsync(channel, expected);
    }

    [Fact]
    public async Task Answers_of_one_piece_each_change_neither_the_list_nor_the_files()
    {
        var expected = (await ListAsync(_channel, FileRoot.Content)).Where(file => file.Path.StartsWith("uploads", StringComparison.Ordinal)).ToList();
        await using var line = await SpoiledLine.StartAsync(_site, async (context, body) => await context.Response.Body.WriteAsync(body));
        await using var channel = _line.Through(line, answerSeconds: 0);
        var listed = (await ListAsync(channel, FileRoot.Content)).Where(file => file.Path.StartsWith("uploads", StringComparison.Ordinal));
        Assert.Equal(expected, listed);
        await AssertArriveAsync(channel, expected);
    }

    [Fact]
    public async Task A_file_that_is_gone_or_forbidden_does_not_stop_the_others()
    {
        string[] paths = ["gone.txt", Odd + "/unreadable.txt", "cache/f.txt", "plugins/x/.git/f.txt", "small.log"];
        var chunks = await _channel.GetAsync(FileRoot.Content, paths, CancellationToken.None).ToListAsync();
        Assert.Equal(paths, chunks.Select(chunk => chunk.Path));
        Assert.Equal(["gone", "unreadable", "unreadable", "unreadable", null], chunks.Select(chunk => chunk.Fault));
    }

    [Fact]
    public async Task A_file_that_changes_while_it_is_sent_begins_anew()
    {
        var file = Path.Combine(Content, Odd, "large.bin");
        var changes = 0;
        await using var line = await SpoiledLine.StartAsync(_site, async (context, body) =>
        {
            if (++changes == 2) File.SetLastWriteTimeUtc(file, File.GetLastWriteTimeUtc(file).AddSeconds(10));
            await context.Response.Body.WriteAsync(body);
        });
        await using var channel = _line.Through(line, answerSeconds: 0);
        var starts = 0;
        FileChunk last = default;
        using var got = new MemoryStream();
        await foreach (var chunk in channel.GetAsync(FileRoot.Content, [Odd + "/large.bin"], CancellationToken.None))
        {
            Assert.Null(chunk.Fault);
            if (chunk.Offset == 0) starts++;
            if (chunk.IsLast) last = chunk with { Data = default };
            got.SetLength(chunk.Offset);
            got.Position = chunk.Offset;
            got.Write(chunk.Data.Span);
        }

        Assert.True(starts >= 2, "The file was never begun anew.");
        Assert.Equal((new FileInfo(file).Length, new DateTimeOffset(File.GetLastWriteTimeUtc(file)).ToUnixTimeSeconds()), (last.Size, last.ModifiedUnix));
        Assert.Equal(await File.ReadAllBytesAsync(file), got.ToArray());
    }

    private static Task<List<SourceFile>> ListAsync(SourceChannel channel, FileRoot root) => channel.ListAsync(root, CancellationToken.None).ToListAsync();

    private async Task AssertArriveAsync(SourceChannel channel, IEnumerable<SourceFile> listed)
    {
        var files = listed.Where(file => file.Kind == SourceFileKind.File).Select(file => file.Path).ToList();
        var got = files.ToDictionary(path => path, _ => new MemoryStream());
        await foreach (var chunk in channel.GetAsync(FileRoot.Content, files, CancellationToken.None))
        {
            Assert.Null(chunk.Fault);
            Assert.Equal(got[chunk.Path].Length, chunk.Offset);
            got[chunk.Path].Write(chunk.Data.Span);
        }

        foreach (var (path, bytes) in got) Assert.True((await File.ReadAllBytesAsync(Path.Combine(Content, path))).AsSpan().SequenceEqual(bytes.ToArray()), path);
    }
}
