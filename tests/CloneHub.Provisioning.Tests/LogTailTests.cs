using System.Diagnostics;
using CloneHub.Contracts;

namespace CloneHub.Provisioning.Tests;

public sealed class LogTailTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("clonehub-log-");

    private string Log => Path.Combine(_folder.FullName, "php-error.log");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task The_last_lines_come_the_oldest_first()
    {
        await File.WriteAllTextAsync(Log, "one\ntwo\nthree\n");

        await AssertTailAsync(["two", "three"], true, 2);
        await AssertTailAsync(["one", "two", "three"], false, 3);
    }

    [Fact]
    public async Task A_line_that_is_being_written_is_told_as_it_is()
    {
        await File.WriteAllTextAsync(Log, "one\ntw");

        await AssertTailAsync(["one", "tw"], false, 10);
    }

    [Fact]
    public async Task Of_a_long_log_only_the_end_is_read_and_its_first_piece_of_a_line_is_left_out()
    {
        await File.WriteAllLinesAsync(Log, Enumerable.Range(1, 100_000).Select(n => $"line {n}"));

        var (lines, isCut) = await TailAsync(LogTail.MostLines);

        Assert.True(isCut);
        Assert.Equal(LogTail.MostLines, lines.Count);
        Assert.Equal(("line 99001", "line 100000"), (lines[0], lines[^1]));
    }

    [Fact]
    public async Task A_log_that_has_grown_too_long_begins_anew_and_is_read_across_the_two()
    {
        await File.WriteAllTextAsync(Log, new string('x', LogTail.Longest) + "\none\ntwo\n");
        LogTail.Bound(Log);
        Assert.False(File.Exists(Log));
        await File.WriteAllTextAsync(Log, "three\n");
        LogTail.Bound(Log);

        await AssertTailAsync(["three"], true, 1);
        await AssertTailAsync(["two", "three"], true, 2);
        await AssertTailAsync(["one", "two", "three"], true, 10);
        Assert.Equal(6, new FileInfo(Log).Length);
    }

    [Fact]
    public async Task Neither_a_link_nor_what_lies_behind_one_is_put_aside()
    {
        var other = Path.Combine(_folder.CreateSubdirectory("other").FullName, "php-error.log");
        await File.WriteAllTextAsync(other, new string('x', LogTail.Longest + 1));
        File.CreateSymbolicLink(Log, other);
        LogTail.Bound(Log);
        var link = Path.Combine(_folder.FullName, "logs");
        File.CreateSymbolicLink(link, Path.GetDirectoryName(other)!);
        LogTail.Bound(Path.Combine(link, "php-error.log"));

        Assert.Equal(other, new FileInfo(Log).LinkTarget);
        Assert.True(File.Exists(other));
    }

    [Fact]
    public async Task What_would_move_a_terminal_is_made_harmless()
    {
        await File.WriteAllTextAsync(Log, "\u001b[2Jgone\r\n" + new string('x', 10_000) + "\n");

        var (lines, _) = await TailAsync(10);

        Assert.Equal(" [2Jgone", lines[0]);
        Assert.Equal(10_000, lines[1].Length);
    }

    [Fact]
    public async Task Neither_a_missing_log_nor_a_link_tells_anything()
    {
        await AssertTailAsync([], false, 10);

        File.CreateSymbolicLink(Log, "/etc/passwd");
        await AssertTailAsync([], false, 10);
    }

    [Fact]
    public async Task Neither_a_link_in_the_place_of_the_folder_nor_a_pipe_is_read()
    {
        var other = _folder.CreateSubdirectory("other");
        await File.WriteAllTextAsync(Path.Combine(other.FullName, "php-error.log"), "of somebody else\n");
        var link = Path.Combine(_folder.FullName, "logs");
        File.CreateSymbolicLink(link, other.FullName);
        Assert.Empty((await LogTail.ReadAsync(Path.Combine(link, "php-error.log"), 10, CancellationToken.None)).Lines);

        using (var made = Process.Start("mkfifo", [Log])) await made.WaitForExitAsync();
        await AssertTailAsync([], false, 10);
    }

    [Fact]
    public void Secrets_of_the_job_are_taken_out_the_longer_ones_first()
    {
        var filter = new SecretFilter(new JobSecrets("admin", new Secret("pass"), new Secret("password"), new Secret(""), new Secret("key"), new Secret("https://x/?token")));

        Assert.Equal("*** and *** and *** at ***", filter.Apply("password and pass and key at https://x/?token"));
    }

    [Fact]
    public void Secrets_are_found_as_addresses_write_them_too()
    {
        var filter = new SecretFilter(new JobSecrets("admin", new Secret("ab cd/é"), new Secret("x"), new Secret("y"), new Secret("key"), null));

        Assert.Equal("GET /a/***/b", filter.Apply("GET /a/ab%20cd%2f%C3%A9/b"));
        Assert.Equal("GET /100%25/b", filter.Apply("GET /100%25/b"));
    }

    private async Task AssertTailAsync(string[] expected, bool isCut, int lines)
    {
        var log = await TailAsync(lines);
        Assert.Equal(expected, log.Lines);
        Assert.Equal(isCut, log.IsCut);
    }

    private async Task<(IReadOnlyList<string> Lines, bool IsCut)> TailAsync(int lines)
    {
        var log = await LogTail.ReadAsync(Log, lines, CancellationToken.None);
        return (log.Lines, log.IsCut);
    }
}
