using CloneHub.Provisioning.Tests.WordPress.Import;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Provisioning.WordPress.PublicSite;
using Microsoft.AspNetCore.Http;

namespace CloneHub.Provisioning.Tests.WordPress.PublicSite;

/// <summary>Media files that come, that do not, and that are not what they should be.</summary>
public sealed class MediaDownloadTests : IAsyncLifetime
{
    private readonly ImportWarnings _warnings = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("clonehub-media-");
    private FakeApi _api = null!;

    public async Task InitializeAsync() => _api = await FakeApi.StartAsync();

    public async Task DisposeAsync()
    {
        await _api.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_file_lies_where_it_lies_at_the_source()
    {
        _api.On("/up/2024/05/rye.jpg", 200, "bytes", "image/jpeg", ("Last-Modified", "Wed, 01 May 2024 10:00:00 GMT"));
        Assert.Equal(5, (await FetchAsync("2024/05/rye.jpg"))["2024/05/rye.jpg"]);
        Assert.Equal("bytes", await File.ReadAllTextAsync(PathOf("2024/05/rye.jpg")));
        Assert.Equal(new DateTime(2024, 5, 1, 10, 0, 0, DateTimeKind.Utc), File.GetLastWriteTimeUtc(PathOf("2024/05/rye.jpg")));
    }

    [Fact]
    public async Task A_file_that_is_there_is_not_fetched_again()
    {
        _api.On("/up/a.jpg", 200, "bytes", "image/jpeg");
        await FetchAsync("a.jpg");
        Assert.Single(await FetchAsync("a.jpg"));
        Assert.Single(_api.Asked, asked => asked == "/up/a.jpg");
    }

    [Theory]
    [InlineData(404, "", "text/html", "answers 404")]
    [InlineData(410, "", "image/jpeg", "answers 410")]
    [InlineData(403, "", "text/html", "answers 403")]
    [InlineData(200, "<html>Log in</html>", "text/html", "text/html instead of image/jpeg")]
    [InlineData(200, "<?php", "application/x-httpd-php", "instead of image/jpeg")]
    [InlineData(200, "%PDF", "application/pdf", "application/pdf instead of image/jpeg")]
    public async Task A_file_that_is_gone_or_another_is_left_out_and_named(int status, string body, string type, string reason)
    {
        _api.On("/up/a.jpg", status, body, type).On("/up/b.jpg", 200, "bytes", "image/jpeg");
        Assert.Equal(["b.jpg"], (await FetchAsync("a.jpg", "b.jpg")).Keys);
        Assert.Contains(reason, Assert.Single(_warnings.ToList()), StringComparison.Ordinal);
        Assert.Single(Files());
    }

    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://10.0.0.1/a.jpg")]
    public async Task A_file_that_leads_inside_is_left_out(string target)
    {
        _api.On("/up/a.jpg", 302, headers: ("Location", target));
        Assert.Empty(await FetchAsync("a.jpg"));
        Assert.Contains("does not lead to a public address", Assert.Single(_warnings.ToList()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_robots_txt_forbids_is_left_out()
    {
        _api.On("/robots.txt", 200, "User-agent: *\nDisallow: /up/private/").On("/up/b.jpg", 200, "bytes", "image/jpeg");
        Assert.Equal(["b.jpg"], (await FetchAsync("private/a.jpg", "b.jpg")).Keys);
        Assert.Contains("robots.txt", Assert.Single(_warnings.ToList()), StringComparison.Ordinal);
        Assert.DoesNotContain(_api.Asked, asked => asked.Contains("private", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_huge_file_is_not_taken()
    {
        _api.On("/up/a.mp4", context =>
        {
            context.Response.ContentType = "video/mp4";
            context.Response.ContentLength = 4L << 30;
            return context.Response.StartAsync();
        });
        Assert.Empty(await FetchAsync("a.mp4"));
        Assert.Contains("larger than 512 MB", Assert.Single(_warnings.ToList()), StringComparison.Ordinal);
        Assert.Empty(Files());
    }

    [Fact]
    public async Task A_file_that_breaks_off_is_fetched_again_from_its_beginning()
    {
        var tries = 0;
        _api.On("/up/a.jpg", async context =>
        {
            context.Response.ContentType = "image/jpeg";
            context.Response.ContentLength = 10;
            await context.Response.WriteAsync("01234");
            await context.Response.Body.FlushAsync();
            if (++tries == 1) context.Abort();
            else await context.Response.WriteAsync("56789");
        });
        await FetchAsync("a.jpg");
        Assert.Equal("0123456789", await File.ReadAllTextAsync(PathOf("a.jpg")));
        Assert.Single(Files());
    }

    [Fact]
    public async Task When_there_is_no_room_left_the_rest_is_left_out_and_named()
    {
        foreach (var file in (string[])["/up/a.jpg", "/up/b.jpg", "/up/c.jpg"]) _api.On(file, 200, "bytes", "image/jpeg");
        Assert.Equal(["a.jpg", "b.jpg"], (await FetchAsync(["a.jpg", "b.jpg", "c.jpg"], mostBytes: 7)).Keys);
        Assert.Contains("c.jpg (no room left)", Assert.Single(_warnings.ToList()), StringComparison.Ordinal);
        Assert.DoesNotContain("/up/c.jpg", _api.Asked);
    }

    [Fact]
    public async Task When_there_is_no_time_left_a_file_that_drips_and_the_rest_are_left_out_and_named()
    {
        _api.On("/up/a.jpg", 200, "bytes", "image/jpeg").Drips("/up/b.jpg", bytes: 1, "image/jpeg").On("/up/c.jpg", 200, "bytes", "image/jpeg");
        Assert.Equal(["a.jpg"], (await FetchAsync(["a.jpg", "b.jpg", "c.jpg"], mostTime: TimeSpan.FromSeconds(2))).Keys);
        var warning = Assert.Single(_warnings.ToList());
        Assert.Contains("b.jpg (no time left)", warning, StringComparison.Ordinal);
        Assert.Contains("c.jpg (no time left)", warning, StringComparison.Ordinal);
        Assert.DoesNotContain("/up/c.jpg", _api.Asked);
        Assert.Single(Files());
    }

    private Task<IReadOnlyDictionary<string, long>> FetchAsync(params string[] files) => FetchAsync(files, mostBytes: 10L << 30);

    private async Task<IReadOnlyDictionary<string, long>> FetchAsync(string[] files, long mostBytes = 10L << 30, TimeSpan? mostTime = null)
    {
        var target = Targets.Folder(_folder);
        target.Root.Create();
        using var turn = new SemaphoreSlim(1);
        using var http = new PublicHttp(new SourceHttp(new SourceOptions { AllowLoopback = true }, TimeProvider.System), turn, TimeProvider.System);
        var download = new MediaDownload(
            http, _api.Url, target, _warnings, new ImportProgress(new Progress<ContentProgress>()), _ => Task.CompletedTask, TimeProvider.System)
        {
            MostBytes = mostBytes,
            MostTime = mostTime ?? TimeSpan.FromMinutes(1),
        };
        var type = files[0].EndsWith(".mp4", StringComparison.Ordinal) ? "video/mp4" : "image/jpeg";
        return await download.RunAsync([.. files.Select(file => new MediaFile(file, new Uri(_api.Url, $"up/{file}"), type))], default);
    }

    private string PathOf(string file) => Path.Combine(_folder.FullName, "root/wp-content/uploads", file);

    private string[] Files() => Directory.GetFiles(_folder.FullName, "*", SearchOption.AllDirectories);
}
