using System.Text.Json;
using CloneHub.Provisioning.WordPress.PublicSite;

namespace CloneHub.Provisioning.Tests.WordPress.PublicSite;

public sealed class MediaFilesTests
{
    private static readonly Uri Uploads = new("https://source.example/wp-content/uploads");

    [Theory]
    [InlineData("https://source.example/wp-content/uploads/2024/05/rye.jpg", "2024/05/rye.jpg")]
    [InlineData("http://source.example/wp-content/uploads/2024/05/%C3%B6l%20b.PNG", "2024/05/öl b.PNG")]
    [InlineData("https://source.example/wp-content/uploads/2024/shell.php", null)]
    [InlineData("https://source.example/wp-content/uploads/2024/shell.php.jpg", null)]
    [InlineData("https://source.example/wp-content/uploads/2024/shell.phtml", null)]
    [InlineData("https://source.example/wp-content/uploads/.htaccess", null)]
    [InlineData("https://source.example/wp-content/uploads/noextension", null)]
    [InlineData("https://source.example/wp-content/uploads/a%2F..%2F..%2Fwp-config.txt", null)]
    [InlineData("https://source.example/wp-content/uploads/a%5Cb.jpg", null)]
    [InlineData("https://elsewhere.example/wp-content/uploads/a.jpg", null)]
    [InlineData("file:///etc/passwd.txt", null)]
    [InlineData("", null)]
    public void Only_harmless_files_of_the_uploads_folder_are_taken(string address, string? relative)
    {
        var files = MediaFiles.Of(Item(address, ""), Uploads);
        Assert.Equal(relative, files.Count == 0 ? null : files[0].File.Relative);
    }

    [Theory]
    [InlineData("https://cdn.example/files/2024/05/rye.jpg", "2024/05/rye.jpg", "https://cdn.example/files")]
    [InlineData("https://cdn.example/2024/05/rye.jpg", "2024/05/rye.jpg", "https://cdn.example/")]
    [InlineData("https://source.example/wp-content/uploads/manual.pdf", "", "https://source.example/wp-content/uploads")]
    [InlineData("https://source.example/elsewhere/manual.pdf", "", null)]
    public void The_uploads_folder_is_what_the_files_have_in_common(string address, string file, string? folder) =>
        Assert.Equal(folder is null ? null : new Uri(folder), MediaFiles.BaseOf([Item(address, file)]));

    [Fact]
    public void However_much_a_site_says_of_a_file_little_is_kept()
    {
        var much = new string('x', 1_000_000);
        var item = Of(new
        {
            id = 7,
            slug = much,
            title = new { rendered = much },
            caption = new { rendered = much },
            description = new { rendered = much },
            alt_text = much,
            mime_type = much,
            source_url = "https://source.example/" + much,
            media_details = new
            {
                file = much,
                image_meta = new { credit = much, keywords = Enumerable.Repeat(much, 100) },
                sizes = Enumerable.Range(0, 1000).ToDictionary(i => $"s{i}", i => new { source_url = $"https://source.example/{i}.jpg" }),
            },
        });
        Assert.InRange(item.Letters, 1, 120_000);
        Assert.Equal("", item.Address);
        Assert.Equal(50, item.Sizes.Count);
    }

    [Fact]
    public void What_a_camera_wrote_is_kept_as_WordPress_keeps_it()
    {
        var item = Of(new { id = 7, media_details = new { bitrate = 128_000, image_meta = new { aperture = "2.8", keywords = Enumerable.Repeat("rye", 1) } } });
        Assert.Equal(
            """a:2:{s:7:"bitrate";i:128000;s:10:"image_meta";a:2:{s:8:"aperture";s:3:"2.8";s:8:"keywords";a:1:{i:0;s:3:"rye";}}}""", PhpSerialized.Of(item.Details));
    }

    private static MediaItem Item(string address, string file) => Of(new { id = 7, mime_type = "image/jpeg", source_url = address, media_details = new { file } });

    private static MediaItem Of(object item) => MediaItem.Of(new RestItem(JsonSerializer.SerializeToElement(item)));
}
