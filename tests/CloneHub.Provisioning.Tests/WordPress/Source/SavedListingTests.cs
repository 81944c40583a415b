using CloneHub.Provisioning.WordPress;
using Microsoft.Extensions.Time.Testing;

namespace CloneHub.Provisioning.Tests.WordPress.Source;

public sealed class SavedListingTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("clonehub-listing-");
    private readonly FakeTimeProvider _clock = new();

    private string _identity = "this site";

    private string Path => System.IO.Path.Combine(_folder.FullName, "listing.jsonl");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task What_was_told_is_known_to_the_next()
    {
        await AddAsync("a\tü\n.txt", isEnd: false);
        await AddAsync("b.txt", isEnd: true);
        await using var saved = await OpenAsync();
        Assert.Equal(["a\tü\n.txt", "b.txt"], saved.Answers.SelectMany(answer => answer.Files).Select(file => file.Path));
        Assert.Equal((2, "after b.txt", true), (saved.Answers.SelectMany(answer => answer.LeftOut).Count(), saved.Answers[^1].After, saved.Answers[^1].IsEnd));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public async Task An_answer_that_was_cut_off_is_none_and_the_next_takes_its_place(int letters)
    {
        await AddAsync("a.txt", isEnd: false);
        await AddAsync("b.txt", isEnd: true);
        await File.WriteAllTextAsync(Path, (await File.ReadAllTextAsync(Path))[..^letters]);
        await AddAsync("c.txt", isEnd: false);
        await using var saved = await OpenAsync();
        Assert.Equal(["a.txt", "c.txt"], saved.Answers.SelectMany(answer => answer.Files).Select(file => file.Path));
    }

    [Fact]
    public async Task A_listing_of_an_hour_ago_begins_anew()
    {
        await AddAsync("a.txt", isEnd: false);
        _clock.Advance(TimeSpan.FromMinutes(59));
        await AddAsync("b.txt", isEnd: true);
        _clock.Advance(TimeSpan.FromMinutes(2));
        await using (var saved = await OpenAsync()) Assert.Empty(saved.Answers);
    }

    [Fact]
    public async Task A_listing_of_another_site_begins_anew_and_who_is_beside_another_has_none()
    {
        await AddAsync("a.txt", isEnd: false);
        _identity = "that site";
        await using (var saved = await OpenAsync())
        {
            Assert.Empty(saved.Answers);
            await saved.AddAsync([], [], "b", isEnd: false, CancellationToken.None);
            await AddAsync("lost.txt", isEnd: true);
        }

        await using var again = await OpenAsync();
        Assert.Equal(["b"], again.Answers.Select(answer => answer.After));
    }

    private Task<SavedListing> OpenAsync() => SavedListing.OpenAsync(Path, _identity, _clock, CancellationToken.None);

    private async Task AddAsync(string path, bool isEnd)
    {
        await using var saved = await OpenAsync();
        var file = new SourceFile(path, SourceFileKind.File, 1, 2, 3, null, null);
        await saved.AddAsync([file], [$"left out before {path}"], $"after {path}", isEnd, CancellationToken.None);
    }
}
