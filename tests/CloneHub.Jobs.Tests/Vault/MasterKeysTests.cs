using CloneHub.Jobs.Vault;

namespace CloneHub.Jobs.Tests.Vault;

public sealed class MasterKeysTests : VaultWorld
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [Fact]
    public void A_missing_file_is_made_for_its_owner_only_and_found_again()
    {
        var path = PathOf("new/folder/master.key");
        using var made = MasterKeys.LoadOrCreate(path);
        using var found = MasterKeys.LoadOrCreate(path);
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(path));
        Assert.Equal(made.Derive(1, "test"), found.Derive(1, "test"));
        Assert.Equal(["master.key"], Directory.GetFiles(Path.GetDirectoryName(path)!).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Of_many_that_make_the_file_at_once_all_get_one_key()
    {
        // Often, for it is a matter of moments.
        foreach (var round in Enumerable.Range(0, 50))
        {
            var path = PathOf($"shared{round}.key");
            using var gate = new Barrier(8);
            var keys = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(Load, default, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
            Assert.Single(keys.Select(key => Convert.ToHexString(key.Derive(1, "test"))).Distinct());

            MasterKeys Load()
            {
                gate.SignalAndWait();
                return MasterKeys.LoadOrCreate(path);
            }
        }
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead, true)]
    [InlineData(UnixFileMode.GroupWrite, false)]
    [InlineData(UnixFileMode.OtherRead, false)]
    [InlineData(UnixFileMode.OtherWrite, false)]
    public void A_file_that_others_may_read_is_refused(UnixFileMode right, bool acceptedWhenMounted)
    {
        var path = Write(Line(1));
        File.SetUnixFileMode(path, OwnerOnly | right);
        var cause = Assert.Throws<InvalidDataException>(() => MasterKeys.LoadOrCreate(path));
        Assert.Contains($"chmod 600 {path}", cause.Message, StringComparison.Ordinal);
        if (acceptedWhenMounted) Assert.Equal(1u, MasterKeys.LoadMounted(path).NewestVersion);
        else Assert.Throws<InvalidDataException>(() => MasterKeys.LoadMounted(path));
    }

    [Fact]
    public void A_mounted_file_is_never_made() => Assert.Throws<FileNotFoundException>(() => MasterKeys.LoadMounted(PathOf("missing.key")));

    [Fact]
    public void The_first_line_is_the_newest_and_a_line_without_a_version_is_version_1()
    {
        using var keys = Keys("  " + Line(7) + "  ", "", Line(1)["1:".Length..] + "\r");
        Assert.Equal(7u, keys.NewestVersion);
        Assert.Equal([7u, 1u], keys.Versions);
    }

    [Theory]
    [InlineData("", "no master key")]
    [InlineData("x:AAAA", "line 1: expected version:key")]
    [InlineData("1:AAAA", "line 1: expected 32 bytes")]
    [InlineData("1:top-secret-but-not-base64", "line 1: expected 32 bytes")]
    public void A_wrong_file_is_refused_by_its_line_and_not_quoted(string line, string because)
    {
        var cause = Assert.Throws<InvalidDataException>(() => Keys(line));
        Assert.Contains(because, cause.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("top-secret", cause.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_version_that_stands_twice_is_refused() => Assert.Throws<InvalidDataException>(() => Keys(Line(2), Line(2)));
}
