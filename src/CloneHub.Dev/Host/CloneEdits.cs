using CloneHub.Dev.Servers;
using CloneHub.Dev.WordPress;
using MySqlConnector;

namespace CloneHub.Dev.Host;

/// <summary>Work in a local clone, for those who look at what becomes of it: a setting, a post, a comment, and files of each kind of change.</summary>
internal static class CloneEdits
{
    /// <summary>A page is made of a setting, a post and a file of the theme: it shows all of these, or none.</summary>
    public static readonly IReadOnlyList<string> Marks = ["Name of the clone", "Post of the clone", "Footer of the clone"];

    /// <summary>The first visits to a site make WordPress note some settings, which looks like work once the site was copied.</summary>
    public static async Task SettleAsync(SourceSite site, CancellationToken ct)
    {
        using var client = LoopbackHttp.CreateClient(site.Url);
        await client.GetStringAsync(new Uri("wp-login.php", UriKind.Relative), ct);
        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["log"] = site.AdminUser, ["pwd"] = site.AdminPassword, ["testcookie"] = "1" });
        using var answer = await client.PostAsync(new Uri("wp-login.php", UriKind.Relative), form, ct);
        foreach (var page in (string[])["wp-admin/plugin-install.php?tab=upload", "", "?p=1"]) await client.GetStringAsync(new Uri(page, UriKind.Relative), ct);
    }

    /// <param name="state">State directory of the Host.</param>
    /// <param name="job">The clone's.</param>
    public static async Task MakeAsync(PrivateServers servers, DirectoryInfo state, string job, CancellationToken ct)
    {
        var database = new MySqlConnectionStringBuilder(servers.MariaDbConnectionString) { Database = $"clone_{job["job-".Length..]}", Pooling = false };
        await using var connection = new MySqlConnection(database.ConnectionString);
        await connection.OpenAsync(ct);
        await using var work = new MySqlCommand(
            $"""
            update wp_options set option_value = '{Marks[0]}' where option_name = 'blogname';
            set @last = (select ID from wp_posts where post_type = 'post' and post_status = 'publish' order by post_date desc, ID desc limit 1);
            update wp_posts set post_title = '{Marks[1]}' where ID = @last;
            insert into wp_comments (comment_post_ID, comment_author, comment_content, comment_date, comment_date_gmt, comment_approved)
            values (@last, 'Editor', 'Said in the clone', now(), utc_timestamp(), '1')
            """,
            connection);
        await work.ExecuteNonQueryAsync(ct);

        var content = new DirectoryInfo(Path.Combine(LocalClones.Folder(state), "clones", job, "www", "wp-content"));
        foreach (var theme in content.CreateSubdirectory("themes").EnumerateDirectories().Where(theme => File.Exists(Path.Combine(theme.FullName, "footer.php"))))
            await EditThemeAsync(theme.FullName, ct);
        await ReplaceAsync(Path.Combine(content.CreateSubdirectory("uploads/of-the-clone").FullName, "added.txt"), _ => "added", ct);
    }

    private static async Task EditThemeAsync(string theme, CancellationToken ct)
    {
        await ReplaceAsync(Path.Combine(theme, "footer.php"), text => $"{text}<p>{Marks[2]}</p>", ct);
        await ReplaceAsync(Path.Combine(theme, "added.css"), _ => "body { color: red }", ct);
        File.Delete(Path.Combine(theme, "readme.txt"));
    }

    /// <summary>The clone's files may be links to a store that others use.</summary>
    private static async Task ReplaceAsync(string path, Func<string, string> change, CancellationToken ct)
    {
        var text = change(File.Exists(path) ? await File.ReadAllTextAsync(path, ct) : "");
        File.Delete(path);
        await File.WriteAllTextAsync(path, text, ct);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
    }
}
