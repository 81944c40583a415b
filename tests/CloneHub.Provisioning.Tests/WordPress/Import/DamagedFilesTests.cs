using System.Runtime.CompilerServices;
using System.Text;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Provisioning.WordPress.Rewriting;

namespace CloneHub.Provisioning.Tests.WordPress.Import;

/// <summary>Damage that a copy of files may take, between the source and us or on the clone's disk. All of it must be noticed.</summary>
public sealed class DamagedFilesTests : IDisposable
{
    private const string Victim = "wp-content/a.txt";

    /// <summary>More files than the requests under way at the same time hold: when the last one begins, the first have ended.</summary>
    private const int Others = 2_001;

    private static readonly ContentRewriter Rewriter = new(new RewriteMap().Url(new Uri("https://example.com"), new Uri("http://job-x.localhost:5080")));

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("clonehub-damage-");

    private string PathOfVictim => Path.Combine(_folder.FullName, "root", Victim);

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Without_damage_there_is_no_alarm() => Assert.Equal(2, (await ImportAsync(["a.txt", "b.txt"], chunks => chunks)).Files);

    [Theory]
    [InlineData("a bit", "VERIFY_FAILED")]
    [InlineData("the end", "IMPORT_FAILED")]
    [InlineData("a piece lost", "IMPORT_FAILED")]
    [InlineData("a piece twice", "IMPORT_FAILED")]
    [InlineData("pieces in another order", "IMPORT_FAILED")]
    [InlineData("a file lost", "IMPORT_FAILED")]
    [InlineData("a foreign file", "IMPORT_FAILED")]
    [InlineData("each other's content", "VERIFY_FAILED")]
    [InlineData("pieces of two files mixed", "IMPORT_FAILED")]
    public async Task A_change_on_the_way_from_the_source_is_noticed(string what, string expected)
    {
        var fault = await Assert.ThrowsAsync<StepFaultException>(() => ImportAsync(["a.txt", "b.txt"], chunks => Damaged(chunks, what)));
        Assert.Equal((what, expected), (what, fault.Fault.Code));
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("shorter")]
    [InlineData("another content of the same length")]
    [InlineData("a file more")]
    [InlineData("a file more, hidden")]
    public async Task A_change_on_the_disk_is_noticed(string what)
    {
        string[] files = ["a.txt", .. Enumerable.Range(0, Others).Select(n => $"many/{n}.txt")];
        var fault = await Assert.ThrowsAsync<StepFaultException>(() => ImportAsync(files, chunks => chunks, () => Harm(what)));
        Assert.Equal((what, "VERIFY_FAILED"), (what, fault.Fault.Code));
    }

    private void Harm(string what)
    {
        if (!File.Exists(PathOfVictim)) return;
        switch (what)
        {
            case "gone": File.Delete(PathOfVictim); break;
            case "shorter": File.WriteAllText(PathOfVictim, ""); break;
            case "another content of the same length": File.WriteAllText(PathOfVictim, new string('?', (int)new FileInfo(PathOfVictim).Length)); break;
            case "a file more": File.WriteAllText(PathOfVictim + ".php", "<?php"); break;
            default: File.WriteAllText(Path.Combine(Path.GetDirectoryName(PathOfVictim)!, ".more"), ""); break;
        }
    }

    private static async IAsyncEnumerable<FileChunk> Damaged(IAsyncEnumerable<FileChunk> chunks, string what)
    {
        var all = new List<FileChunk>();
        await foreach (var chunk in chunks) all.Add(chunk with { Data = chunk.Data.ToArray() });
        switch (what)
        {
            case "a bit": all[0] = all[0] with { Data = new byte[] { (byte)(all[0].Data.Span[0] ^ 1) }.Concat(all[0].Data.ToArray().Skip(1)).ToArray() }; break;
            case "the end": all[1] = all[1] with { Data = all[1].Data[..^1] }; break;
            case "a piece lost": all.RemoveAt(0); break;
            case "a piece twice": all.Insert(1, all[1] with { IsLast = false }); break;
            case "pieces in another order": (all[0], all[1]) = (all[1], all[0]); break;
            case "a file lost": all.RemoveRange(2, 2); break;
            case "a foreign file": all[2] = all[2] with { Path = "../c.txt" }; break;
            case "each other's content": (all[0], all[1], all[2], all[3]) = (all[0] with { Data = all[2].Data }, all[1] with { Data = all[3].Data }, all[2] with { Data = all[0].Data }, all[3] with { Data = all[1].Data }); break;
            default: (all[1], all[2]) = (all[2], all[1]); break;
        }

        foreach (var chunk in all) yield return chunk;
    }

    private async Task<Contracts.FilesProof> ImportAsync(IReadOnlyList<string> files, Func<IAsyncEnumerable<FileChunk>, IAsyncEnumerable<FileChunk>> way, Action? atFence = null)
    {
        var warnings = new ImportWarnings();
        var plan = files.Select(file => new SourceFile(file, SourceFileKind.File, ContentOf(file).Length, 1_600_000_000, 0b110_100_100, FileSum.Of(ContentOf(file)), null))
            .Select(file => FilePlan.Place(FileRoot.Content, file, "wp-content/uploads", warnings)!).ToList();
        using var known = CheckedFiles.Open(Path.Combine(_folder.FullName, "checked.tsv"), "identity");
        var import = new FileImport(Targets.Folder(_folder), "wp-content/uploads", Rewriter, warnings, new ImportProgress(new Progress<ContentProgress>()), _ =>
        {
            atFence?.Invoke();
            return Task.CompletedTask;
        }, known);
        return await import.RunAsync(plan, null, (_, paths, _, cancellation) => way(SendAsync(paths, cancellation)), CancellationToken.None);
    }

    private static byte[] ContentOf(string file) => Encoding.UTF8.GetBytes($"the content of {Path.GetFileName(file)}");

    private static async IAsyncEnumerable<FileChunk> SendAsync(IReadOnlyList<string> paths, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var path in paths)
        {
            cancellation.ThrowIfCancellationRequested();
            await Task.Yield();
            var content = ContentOf(path);
            yield return new FileChunk(path, 0, content.AsMemory(0, 5), IsLast: false);
            yield return new FileChunk(path, 5, content.AsMemory(5), IsLast: true, ModifiedUnix: 1_600_000_000, Size: content.Length);
        }
    }
}
