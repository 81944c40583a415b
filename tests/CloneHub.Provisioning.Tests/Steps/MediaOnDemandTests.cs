using System.Net;
using CloneHub.Contracts;
using CloneHub.Testing;

namespace CloneHub.Provisioning.Tests.Steps;

/// <summary>A clone that serves before its media are there: who asks for one gets it, the rest follows, and what lies there in the end is what is told.</summary>
[Trait("Needs", "servers")]
public sealed class MediaOnDemandTests(ServersFixture servers) : IClassFixture<ServersFixture>
{
    private const int Visitors = 20;

    [Fact]
    public async Task A_file_that_many_ask_for_is_fetched_once_and_the_rest_follows()
    {
        await using var stage = await MediaStage.OpenAsync(servers);
        Assert.True(stage.Total > MediaStage.Pictures, "The site has media of its own, too.");
        Assert.Single(stage.Connectors());

        // What PHP may need is there; the place of what comes later is taken, and nobody can read it.
        Assert.True(File.Exists(Path.Combine(Path.GetDirectoryName(stage.PathOf(0))!, "settings.php")));
        Assert.True(File.Exists(Path.Combine(Path.GetDirectoryName(stage.PathOf(0))!, "generated.css")));
        Assert.Equal((MediaStage.Content(7).Length, UnixFileMode.None), (new FileInfo(stage.PathOf(7)).Length, ModeOf(stage.PathOf(7))));

        stage.LetSourceWait();
        var visits = Enumerable.Range(0, Visitors).Select(_ => stage.GetAsync(7)).ToList();
        await Eventually.Until("the source is asked", () => stage.AsksFor(7) > 0);
        stage.LetSourceGoOn();
        Assert.All(await Task.WhenAll(visits), visit => Assert.Equal((HttpStatusCode.OK, MediaStage.Content(7)), visit));
        Assert.Equal((HttpStatusCode.OK, MediaStage.Content(7)), await stage.GetAsync(7));
        Assert.Equal((1, 0), (stage.AsksFor(7), stage.AsksFor(8)));
        Assert.Equal((HttpStatusCode.OK, "odd"), await stage.GetOddAsync());

        var media = (await stage.RunAsync(CloneStep.FetchMedia)).Media!;

        Assert.Equal((stage.Total, 0, 0), (media.Compared.Files, media.Missing, media.Altered));
        Assert.Equal(media.Compared.SourceSum, media.Compared.CloneSum);
        Assert.Empty(media.Notes);
        Assert.All(Enumerable.Range(0, MediaStage.Pictures), n => Assert.Equal((1, MediaStage.Content(n)), (stage.AsksFor(n), File.ReadAllText(stage.PathOf(n)))));
        Assert.Empty(stage.Connectors());

        // A report that was lost is made again.
        var again = (await stage.RunAsync(CloneStep.FetchMedia)).Media!;
        Assert.Equal((media.Compared, media.Missing), (again.Compared, again.Missing));
    }

    [Fact]
    public async Task Only_what_has_not_come_waits_for_what_brings_it()
    {
        await using var stage = await MediaStage.OpenAsync(servers);
        Assert.Equal(HttpStatusCode.OK, (await stage.GetAsync(7)).Status);
        await stage.RestartAsync();
        File.Delete(Path.Combine(stage.Local.PathsOf(stage.Order).Media, "manifest.json"));

        Assert.Equal(HttpStatusCode.OK, (await stage.GetAsync("")).Status);
        Assert.Equal(HttpStatusCode.OK, (await stage.GetAsync(7)).Status);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await stage.GetAsync(8)).Status);
        Assert.NotEqual(HttpStatusCode.OK, (await stage.GetAsync("wp-content/uploads/%2e%2e/%2e%2e/%2e%2e/run/media/manifest.jpg")).Status);
    }

    [Fact]
    public async Task What_is_gone_or_damaged_at_the_source_is_told_and_the_clone_answers_as_for_any_missing_file()
    {
        await using var stage = await MediaStage.OpenAsync(servers);
        await stage.Site.RunPhpAsync($"unlink(ABSPATH . '{MediaStage.Place(3)}'); unlink(ABSPATH . '{MediaStage.Place(4)}');", default);
        await stage.Site.RunPhpAsync(
            $"foreach ([5, 6] as $n) {{ $f = ABSPATH . \"{MediaStage.Place(0).Replace("-0.", "-$n.", StringComparison.Ordinal)}\"; $t = filemtime($f); file_put_contents($f, str_repeat('?', filesize($f))); touch($f, $t); }}", default);
        await stage.Site.RunPhpAsync($"file_put_contents(ABSPATH . '{MediaStage.Place(8)}', 'newer');", default);

        Assert.Equal(HttpStatusCode.NotFound, (await stage.GetAsync(3)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await stage.GetAsync(5)).Status);
        var media = (await stage.RunAsync(CloneStep.FetchMedia)).Media!;

        Assert.Equal((stage.Total - 4, 4, 0), (media.Compared.Files, media.Missing, media.Altered));
        Assert.Equal(2, media.Notes.Count);
        foreach (var missing in (int[])[3, 4, 5, 6])
        {
            Assert.Contains(MediaStage.Place(missing), media.Notes[0], StringComparison.Ordinal);
            Assert.False(File.Exists(stage.PathOf(missing)));
            Assert.Equal(HttpStatusCode.NotFound, (await stage.GetAsync(missing)).Status);
        }

        Assert.Contains("it is not the file that the source listed", media.Notes[0], StringComparison.Ordinal);
        Assert.Equal("Media that the source changed before they came are as it had them last: " + MediaStage.Place(8), media.Notes[1]);
        Assert.Equal((HttpStatusCode.OK, "newer"), await stage.GetAsync(8));
        Assert.Empty(stage.Connectors());
    }

    [Fact]
    public async Task What_the_clone_has_put_there_or_deleted_meanwhile_is_its_own()
    {
        await using var stage = await MediaStage.OpenAsync(servers);
        Replace(stage.PathOf(10), "the clone's own");
        File.Delete(stage.PathOf(11));

        Assert.Equal((HttpStatusCode.OK, "the clone's own"), await stage.GetAsync(10));
        Assert.Equal(HttpStatusCode.NotFound, (await stage.GetAsync(11)).Status);
        stage.LetSourceWait();
        var visit = stage.GetAsync(12);
        await Eventually.Until("the source is asked", () => stage.AsksFor(12) > 0);
        Replace(stage.PathOf(12), "in the last moment");
        stage.LetSourceGoOn();
        Assert.Equal((HttpStatusCode.OK, "in the last moment"), await visit);
        var media = (await stage.RunAsync(CloneStep.FetchMedia)).Media!;

        Assert.Equal((stage.Total - 3, 0, 3), (media.Compared.Files, media.Missing, media.Altered));
        Assert.Equal(("the clone's own", false, "in the last moment"), (File.ReadAllText(stage.PathOf(10)), File.Exists(stage.PathOf(11)), File.ReadAllText(stage.PathOf(12))));
    }

    /// <summary>The clone's PHP is a stranger's; the program that writes for it may be root.</summary>
    [Fact]
    public async Task A_folder_that_the_clone_has_exchanged_for_a_link_leads_nowhere()
    {
        await using var stage = await MediaStage.OpenAsync(servers);
        var outside = servers.NewFolder();
        foreach (var name in (string[])["picture-1.jpg", "picture-2.jpg"])
        {
            await File.WriteAllTextAsync(Path.Combine(outside.FullName, name), "not the clone's");
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(Path.Combine(outside.FullName, name), UnixFileMode.None);
        }

        var folder = Path.GetDirectoryName(stage.PathOf(1))!;
        Directory.Move(folder, folder + "-before");
        File.CreateSymbolicLink(folder, outside.FullName);
        await stage.GetAsync(1);
        var media = (await stage.RunAsync(CloneStep.FetchMedia)).Media!;

        Assert.Equal(0, stage.AsksFor(1) + stage.AsksFor(2));
        Assert.InRange(media.Altered, MediaStage.Pictures, stage.Total);
        Assert.All(outside.GetFiles(), file => Assert.Equal(("not the clone's".Length, UnixFileMode.None), ((int)file.Length, file.UnixFileMode)));
    }

    [Fact]
    public async Task A_program_that_takes_over_goes_on_where_the_one_before_was()
    {
        await using var stage = await MediaStage.OpenAsync(servers);
        Assert.Equal(HttpStatusCode.OK, (await stage.GetAsync(0)).Status);
        stage.LetSourceWait();
        using var crash = new CancellationTokenSource();
        var before = stage.RunAsync(CloneStep.FetchMedia, cancellation: crash.Token);
        await Eventually.Until("the source is asked", () => stage.AsksFor(MediaStage.Pictures - 1) > 0);
        await crash.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => before);
        stage.LetSourceGoOn();
        await stage.RestartAsync();

        Assert.Equal((HttpStatusCode.OK, MediaStage.Content(1)), await stage.GetAsync(1));
        var media = (await stage.RunAsync(CloneStep.FetchMedia)).Media!;

        Assert.Equal((stage.Total, 0, 0), (media.Compared.Files, media.Missing, media.Altered));
        Assert.Equal(1, stage.AsksFor(0));
        Assert.Empty(stage.Connectors());
    }

    [Fact]
    public async Task Without_the_connector_a_visitor_is_told_to_come_again_and_what_is_given_up_is_missing()
    {
        await using var stage = await MediaStage.OpenAsync(servers);
        foreach (var connector in stage.Connectors()) Directory.Delete(Path.Combine(stage.Site.Root.FullName, "wp-content/plugins", connector), recursive: true);

        var (status, text) = await stage.GetAsync(1);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("MEDIA_NOT_YET", text, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StepFaultException>(() => stage.RunAsync(CloneStep.FetchMedia));
        Assert.Equal(UnixFileMode.None, ModeOf(stage.PathOf(1)));
        var media = (await stage.RunAsync(CloneStep.FetchMedia, givesUp: true)).Media!;

        // What the clone was compared by when it was handed over has come; nothing else has.
        Assert.InRange(media.Missing, MediaStage.Pictures, stage.Total);
        Assert.Equal((stage.Total - media.Missing, 0), (media.Compared.Files, media.Altered));
        Assert.Contains($"{MediaStage.Place(1)} (it was given up)", media.Notes[0], StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await stage.GetAsync(1)).Status);
    }

    [Fact]
    public async Task A_clone_that_is_removed_before_its_media_came_leaves_nothing_at_the_source()
    {
        await using var stage = await MediaStage.OpenAsync(servers);
        stage.LetSourceWait();
        var visit = stage.GetAsync(2);
        await Eventually.Until("the source is asked", () => stage.AsksFor(2) > 0);

        var removal = stage.RunAsync(CloneStep.Remove);
        await visit;
        stage.LetSourceGoOn();
        await removal;

        Assert.Empty(stage.Connectors());
        Assert.DoesNotContain(await stage.Local.Backend.ListAsync(default), clone => clone.Job == stage.Order.Job);
    }

    private static UnixFileMode ModeOf(string path) => new FileInfo(path).UnixFileMode;

    private static void Replace(string path, string text)
    {
        File.Delete(path);
        File.WriteAllText(path, text);
    }
}
