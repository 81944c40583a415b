using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Provisioning.WordPress.Rewriting;

namespace CloneHub.Provisioning.Tests.WordPress.Import;

public sealed class FileImportTests : IDisposable
{
    private static readonly ContentRewriter Rewriter = new(new RewriteMap().Url(new Uri("https://example.com"), new Uri("http://job-x.localhost:5080")));

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("clonehub-files-");
    private readonly ImportWarnings _warnings = new();
    private readonly Dictionary<(FileRoot, string), byte[]> _content = [];
    private readonly List<string> _fetched = [];
    private long _modified = 1_600_000_000;
    private string? _restarted;
    private string? _cut;
    private FileStart? _first;
    private Action _atFence = () => { };

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Files_of_both_trees_arrive_with_their_content_time_and_mode()
    {
        var proof = await ImportAsync([Core("index.php", "<?php"), Core("wp-admin/a b%\"é😀.php", "x"), Content("uploads/2026/01/empty.txt", ""), Content("themes/t/style.css", "a{}")]);
        Assert.Equal((4, 9, 0), (proof.Files, proof.Bytes, proof.Rewritten));
        Assert.Equal("<?php", Read("index.php"));
        Assert.Equal("x", Read("wp-admin/a b%\"é😀.php"));
        Assert.Equal("", Read("wp-content/uploads/2026/01/empty.txt"));
        Assert.Equal(new DateTime(2020, 9, 13, 12, 26, 40, DateTimeKind.Utc), File.GetLastWriteTimeUtc(PathOf("index.php")));
        if (!OperatingSystem.IsWindows()) Assert.False(File.GetUnixFileMode(PathOf("index.php")).HasFlag(UnixFileMode.OtherWrite));
    }

    [Fact]
    public async Task A_core_file_that_the_store_has_does_not_travel_and_a_changed_one_does()
    {
        Store("wp-load.php", "same");
        Store("wp-login.php", "original");
        await ImportAsync([Core("wp-load.php", "same"), Core("wp-login.php", "modified")]);
        Assert.Equal(["wp-login.php"], _fetched);
        Assert.Equal(("same", "modified"), (Read("wp-load.php"), Read("wp-login.php")));
    }

    [Fact]
    public async Task Where_PHP_runs_as_another_user_core_files_are_links_into_the_store()
    {
        Store("wp-load.php", "same");
        await ImportAsync([Core("wp-load.php", "same")], Environment.UserName == "root" ? new FileOwner(33, 33) : null);
        if (Environment.UserName != "root") return;
        File.AppendAllText(Path.Combine(_folder.FullName, "store", "6.1.9", "wp-load.php"), "!");
        Assert.Equal("same!", Read("wp-load.php"));
    }

    [Fact]
    public async Task What_an_earlier_attempt_brought_stays_and_what_does_not_belong_goes()
    {
        SourceFile[] files = [Content("uploads/a.jpg", "aaaa"), Content("uploads/b.jpg", "bbbb")];
        await ImportAsync(files);
        File.WriteAllText(PathOf("wp-content/uploads/b.jpg"), "half");
        File.WriteAllText(PathOf("wp-content/uploads/c.jpg"), "extra");
        File.WriteAllText(PathOf("wp-content/uploads/.clonehub-0.part"), "part");
        Directory.CreateDirectory(PathOf("wp-content/cache/deep"));
        File.CreateSymbolicLink(PathOf("wp-content/etc"), "/etc");
        _fetched.Clear();
        await ImportAsync(files);
        Assert.Equal(["uploads/b.jpg"], _fetched);
        Assert.Equal(["wp-content/uploads/a.jpg", "wp-content/uploads/b.jpg"], All());
        Assert.Equal("bbbb", Read("wp-content/uploads/b.jpg"));
    }

    [Theory]
    [InlineData("../evil.php")]
    [InlineData("/etc/passwd")]
    [InlineData("uploads/../../../evil")]
    [InlineData("uploads//a")]
    [InlineData("./a")]
    [InlineData("a\0b")]
    [InlineData("..")]
    public async Task A_path_that_leaves_the_site_ends_the_import_before_anything_is_written(string path)
    {
        var fault = await Assert.ThrowsAsync<StepFaultException>(() => ImportAsync([Content("a.txt", "a"), Content(path, "evil")]));
        Assert.Equal("IMPORT_FAILED", fault.Fault.Code);
        Assert.False(fault.Fault.Retryable);
        Assert.Empty(All());
    }

    [Theory]
    [InlineData("/etc")]
    [InlineData("../../..")]
    [InlineData("../wp-config.php")]
    public async Task A_link_that_leads_out_of_the_site_is_left_out_and_reported(string target)
    {
        await ImportAsync([Content("uploads/a", "x"), Link("uploads/l", target.Replace("../wp", "../../wp", StringComparison.Ordinal))]);
        Assert.False(Path.Exists(PathOf("wp-content/uploads/l")));
        Assert.Contains(_warnings.ToList(), warning => warning.Contains("uploads/l", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_link_inside_the_site_stays_one()
    {
        await ImportAsync([Content("uploads/a.txt", "x"), Link("uploads/l.txt", "a.txt")]);
        await ImportAsync([Content("uploads/a.txt", "x"), Link("uploads/l.txt", "a.txt")]);
        Assert.Equal("a.txt", new FileInfo(PathOf("wp-content/uploads/l.txt")).LinkTarget);
    }

    [Fact]
    public async Task A_file_with_another_sum_than_listed_fails_the_import()
    {
        var file = Core("wp-load.php", "right");
        _content[(FileRoot.Core, "wp-load.php")] = "wrong"u8.ToArray();
        var fault = await Assert.ThrowsAsync<StepFaultException>(() => ImportAsync([file]));
        Assert.Equal("VERIFY_FAILED", fault.Fault.Code);
        Assert.Empty(All());
    }

    [Fact]
    public async Task A_file_that_changed_after_it_was_listed_is_taken_as_it_is_and_named()
    {
        var file = Core("debug.txt", "a line\n");
        _content[(FileRoot.Core, file.Path)] = "a line\nanother\n"u8.ToArray();
        _modified++;
        var proof = await ImportAsync([file]);
        Assert.Equal((1, 15), (proof.Files, proof.Bytes));
        Assert.Equal("a line\nanother\n", Read(file.Path));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(_modified).UtcDateTime, File.GetLastWriteTimeUtc(PathOf(file.Path)));
        Assert.Contains(_warnings.ToList(), warning => warning.Contains(file.Path, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_file_that_begins_anew_holds_nothing_of_its_first_pieces()
    {
        _restarted = "uploads/a.txt";
        await ImportAsync([Content("uploads/a.txt", "abcdef")]);
        Assert.Equal("abcdef", Read("wp-content/uploads/a.txt"));
        Assert.Empty(_warnings.ToList());
    }

    [Theory]
    [InlineData("nothing", 5_000_000)]
    [InlineData("all of it is there", 9_999_999)]
    [InlineData("its part", null)]
    [InlineData("what the source lists", null)]
    public async Task A_large_file_that_was_cut_off_goes_on_unless_something_changed(string changed, int? goesOnAt)
    {
        var text = string.Concat(Enumerable.Range(0, 1_000_000).Select(number => number.ToString("D10", CultureInfo.InvariantCulture)));
        var file = Core("large.bin", text);
        _cut = file.Path;
        await Assert.ThrowsAsync<HttpRequestException>(() => ImportAsync([file]));
        var part = Assert.Single(Parts());
        _cut = null;
        if (changed == "all of it is there") File.WriteAllText(part, text);
        if (changed == "its part") File.WriteAllText(part, "something else");
        if (changed == "what the source lists") file = file with { ModifiedUnix = ++_modified };

        if (changed == "its part")
        {
            // Found when all of it is there, and brought anew by the next attempt.
            Assert.Equal("VERIFY_FAILED", (await Assert.ThrowsAsync<StepFaultException>(() => ImportAsync([file]))).Fault.Code);
            Assert.Empty(Parts());
        }

        await ImportAsync([file]);
        Assert.Equal(goesOnAt, _first?.Offset);
        Assert.Equal(text, Read(file.Path));
    }

    [Fact]
    public async Task A_large_file_of_which_the_source_told_no_sum_begins_anew()
    {
        var file = Content("uploads/large.bin", new string('x', 9 << 20));
        _cut = file.Path;
        await Assert.ThrowsAsync<HttpRequestException>(() => ImportAsync([file]));
        Assert.Empty(Parts());
        _cut = null;
        await ImportAsync([file]);
        Assert.Null(_first);
    }

    [Fact]
    public async Task A_file_that_never_comes_fails_the_import()
    {
        var file = Content("a.txt", "a");
        _content.Clear();
        var fault = await Assert.ThrowsAsync<StepFaultException>(() => ImportAsync([file]));
        Assert.True(fault.Fault.Retryable);
    }

    [Fact]
    public async Task A_file_the_source_cannot_read_is_reported()
    {
        var file = Content("secret.txt", "a") with { Mode = -1 };
        await ImportAsync([file, Content("b.txt", "b")]);
        Assert.Equal(["wp-content/b.txt"], All());
        Assert.Contains(_warnings.ToList(), warning => warning.Contains("secret.txt", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Generated_styles_below_uploads_are_rewritten_and_code_is_not()
    {
        await ImportAsync([Content("uploads/elementor/css/post-1.css", "a{b:url(https://example.com/i.png)}"), Content("plugins/p/p.css", "/* https://example.com */")]);
        Assert.Equal("a{b:url(http://job-x.localhost:5080/i.png)}", Read("wp-content/uploads/elementor/css/post-1.css"));
        Assert.Equal("/* https://example.com */", Read("wp-content/plugins/p/p.css"));
    }

    [Fact]
    public async Task The_proof_is_of_what_md5sum_prints()
    {
        var proof = await ImportAsync([Core("b.php", "bb"), Content("a.txt", "a"), Content("uploads/ü.css", "x{background:url(https://example.com/)}"), Content("Z.txt", "")]);

        var (sent, stored) = (new StringBuilder(), new StringBuilder());
        foreach (var (place, text) in new[] { ("b.php", "bb"), ("wp-content/Z.txt", ""), ("wp-content/a.txt", "a"), ("wp-content/uploads/ü.css", "x{background:url(https://example.com/)}") })
        {
            sent.Append(CultureInfo.InvariantCulture, $"{Convert.ToHexStringLower(Md5(text))}  {place}\n");
            stored.Append(CultureInfo.InvariantCulture, $"{Convert.ToHexStringLower(Md5(Read(place)))}  {place}\n");
        }

        Assert.Equal((4, 1), (proof.Files, proof.Rewritten));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sent.ToString()))), proof.SourceSum);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(stored.ToString()))), proof.CloneSum);
        Assert.NotEqual(proof.SourceSum, proof.CloneSum);
    }

    [Fact]
    public async Task A_file_whose_content_changes_after_it_was_written_is_noticed()
    {
        _atFence = () =>
        {
            if (!File.Exists(PathOf("wp-content/a.txt"))) return;
            File.WriteAllText(PathOf("wp-content/a.txt"), "b");
        };

        // More than a request holds, so that the first has ended before the last begins.
        var files = Enumerable.Range(0, 2_001).Select(n => Content($"many/{n}.txt", "x")).Prepend(Content("a.txt", "a")).ToList();
        var fault = await Assert.ThrowsAsync<StepFaultException>(() => ImportAsync(files));

        Assert.Equal("VERIFY_FAILED", fault.Fault.Code);
        Assert.Contains("wp-content/a.txt has another content than was sent", fault.Fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_only_works_at_its_host_is_put_aside_and_our_own_connector_stays_away()
    {
        await ImportAsync([
            Content("object-cache.php", "x"), Content("mu-plugins/wpengine-common/a.php", "x"), Content("mu-plugins/mine.php", "x"),
            Content("plugins/clonehub-abcdefgh/job.php", "x"), Content("plugins/clonehub-abcdefgh-2/job.php", "x"), Core("wp-config.php", "x"), Core(".user.ini", "x"), Core("robots.txt", "x"),
        ]);
        Assert.Equal(
            ["robots.txt", "wp-content/.clonehub-disabled/mu-plugins/wpengine-common/a.php", "wp-content/.clonehub-disabled/object-cache.php", "wp-content/mu-plugins/mine.php"],
            All());
        Assert.Contains(_warnings.ToList(), warning => warning.Contains("object-cache.php", StringComparison.Ordinal));
    }

    private string[] Parts() => Directory.Exists(Path.Combine(_folder.FullName, "state")) ? Directory.GetFiles(Path.Combine(_folder.FullName, "state")) : [];

    private async Task<FilesProof> ImportAsync(IEnumerable<SourceFile> files, FileOwner? owner = null)
    {
        var target = Targets.Folder(_folder, coreStore: new DirectoryInfo(Path.Combine(_folder.FullName, "store")), owner: owner);
        target.Account.Create();
        var plan = files.Select(file => FilePlan.Place(RootOf(file), file, "wp-content/uploads", _warnings))
            .OfType<PlannedFile>().ToList();
        using var known = CheckedFiles.Open(Path.Combine(_folder.FullName, "checked.tsv"), "identity");
        var import = new FileImport(target, "wp-content/uploads", Rewriter, _warnings, new ImportProgress(new Progress<ContentProgress>()), _ =>
        {
            _atFence();
            return Task.CompletedTask;
        }, known);
        return await import.RunAsync(plan, CoreStore.Of(target.CoreStore, "6.1.9"), GetAsync, CancellationToken.None);
    }

    private static FileRoot RootOf(SourceFile file) => file.Md5 is null ? FileRoot.Content : FileRoot.Core;

    private async IAsyncEnumerable<FileChunk> GetAsync(FileRoot root, IReadOnlyList<string> paths, FileStart? first, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await Task.Yield();
        foreach (var path in paths)
        {
            if (path == "secret.txt") yield return new FileChunk(path, 0, default, IsLast: false, "permission denied");
            if (path == "secret.txt" || !_content.TryGetValue((root, path), out var bytes)) continue;
            lock (_fetched) _fetched.Add(path);
            _first = first;
            var half = Math.Max(bytes.Length / 2, (int)(first?.Offset ?? 0));
            if (half > (first?.Offset ?? 0)) yield return new FileChunk(path, first?.Offset ?? 0, bytes.AsMemory((int)(first?.Offset ?? 0), half - (int)(first?.Offset ?? 0)), IsLast: false);
            if (path == _cut) throw new HttpRequestException("The line is cut.");
            if (path == _restarted)
            {
                yield return new FileChunk(path, 0, default, IsLast: false);
                half = 0;
            }

            yield return new FileChunk(path, half, bytes.AsMemory(half), IsLast: true, ModifiedUnix: _modified, Size: bytes.Length);
        }
    }

    private SourceFile Core(string path, string text) => Add(FileRoot.Core, path, text, Convert.ToHexStringLower(Md5(text)));

    private SourceFile Content(string path, string text) => Add(FileRoot.Content, path, text, null);

    private static SourceFile Link(string path, string target) => new(path, SourceFileKind.Link, 0, 1_600_000_000, 0, null, target);

    private SourceFile Add(FileRoot root, string path, string text, string? md5)
    {
        _content[(root, path)] = Encoding.UTF8.GetBytes(text);
        return new SourceFile(path, SourceFileKind.File, Encoding.UTF8.GetByteCount(text), 1_600_000_000, 0b110_110_110, md5, null);
    }

    private void Store(string path, string text)
    {
        var file = Path.Combine(_folder.FullName, "store", "6.1.9", path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    private string PathOf(string place) => Path.Combine(_folder.FullName, "root", place);

    private string Read(string place) => File.ReadAllText(PathOf(place));

    private string[] All() => !Directory.Exists(PathOf("")) ? []
        : [.. Directory.EnumerateFiles(PathOf(""), "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Select(file => Path.GetRelativePath(PathOf(""), file)).Order(StringComparer.Ordinal)];

    private static byte[] Md5(string text)
    {
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        sum.AppendData(Encoding.UTF8.GetBytes(text));
        return sum.GetHashAndReset();
    }
}
