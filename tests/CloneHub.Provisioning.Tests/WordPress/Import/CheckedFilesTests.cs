using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Import;

namespace CloneHub.Provisioning.Tests.WordPress.Import;

public sealed class CheckedFilesTests : IDisposable
{
    private const string Sum = "0123456789abcdef0123456789abcdef";
    private static readonly DateTimeOffset Time = DateTimeOffset.FromUnixTimeSeconds(1_600_000_000);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("clonehub-checked-");

    private string _identity = "this clone";

    private string Journal => Path.Combine(_folder.FullName, "checked.tsv");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("a.txt")]
    [InlineData("tab\tand\nline %")]
    [InlineData("ü😀.")]
    public void A_file_that_was_checked_is_known_to_the_next(string place)
    {
        Add(Entry(place));
        Assert.Equal(Sum, Find(Entry(place))?.Md5);
        Assert.Null(Find(Entry("other")));
    }

    [Theory]
    [InlineData("another length")]
    [InlineData("another time")]
    [InlineData("no file")]
    [InlineData("another sum at the source")]
    [InlineData("another length at the source")]
    [InlineData("another time at the source")]
    public void What_is_no_longer_what_it_was_is_not_known(string what)
    {
        var entry = Entry("a.txt");
        Add(entry);
        var file = Write("a.txt");
        if (what == "another length") File.AppendAllText(file.FullName, "!");
        if (what is "another length" or "another time") File.SetLastWriteTimeUtc(file.FullName, Time.UtcDateTime.AddSeconds(what == "another time" ? 1 : 0));
        if (what == "no file") file.Delete();
        var listed = what switch
        {
            "another sum at the source" => entry.Source with { Md5 = Sum.Replace('0', '1') },
            "another length at the source" => entry.Source with { Size = 6 },
            "another time at the source" => entry.Source with { ModifiedUnix = entry.Source.ModifiedUnix + 1 },
            _ => entry.Source,
        };
        using var known = CheckedFiles.Open(Journal, _identity);
        Assert.Null(known.Find(entry with { Source = listed }, new FileInfo(file.FullName)));
    }

    [Fact]
    public void A_line_that_was_cut_off_is_none_and_spoils_none()
    {
        Add(Entry("whole"));
        Add(Entry("cut off"));
        var text = File.ReadAllText(Journal).TrimEnd('\n');
        File.WriteAllText(Journal, text[..^1]);
        Add(Entry("after"));
        Assert.NotNull(Find(Entry("whole")));
        Assert.Null(Find(Entry("cut off")));
        Assert.NotNull(Find(Entry("after")));
    }

    [Fact]
    public void Files_of_another_clone_do_not_count()
    {
        Add(Entry("a"));
        _identity = "that clone";
        Assert.Null(Find(Entry("a")));
        Add(Entry("b"));
        Assert.NotNull(Find(Entry("b")));
    }

    [Fact]
    public void A_file_of_which_the_source_told_no_sum_is_known_by_its_length_and_time()
    {
        var entry = Entry("a.txt") with { Source = Entry("a.txt").Source with { Md5 = null } };
        Add(entry);
        Assert.NotNull(Find(entry));
        Assert.Null(Find(entry with { Source = entry.Source with { ModifiedUnix = 1 } }));
    }

    private static PlannedFile Entry(string place) => new(FileRoot.Content, new SourceFile(place, SourceFileKind.File, 5, Time.ToUnixTimeSeconds(), 0b110_100_100, Sum, null), place, IsRewritten: false);

    private void Add(PlannedFile entry)
    {
        using var known = CheckedFiles.Open(Journal, _identity);
        known.Add(new CheckedFile(entry.Place, entry.Source.Size, entry.Source.ModifiedUnix, entry.Source.Md5 ?? Sum, 5, Sum));
    }

    private CheckedFile? Find(PlannedFile entry)
    {
        using var known = CheckedFiles.Open(Journal, _identity);
        return known.Find(entry, Write("file"));
    }

    private FileInfo Write(string name)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, "12345");
        File.SetLastWriteTimeUtc(path, Time.UtcDateTime);
        return new FileInfo(path);
    }
}
