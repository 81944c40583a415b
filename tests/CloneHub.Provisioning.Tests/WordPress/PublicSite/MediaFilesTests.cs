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

    private static RestItem Item(string address, string file) => new(JsonSerializer.SerializeToElement(
        new { id = 7, mime_type = "image/jpeg", source_url = address, media_details = new { file } }));
}
