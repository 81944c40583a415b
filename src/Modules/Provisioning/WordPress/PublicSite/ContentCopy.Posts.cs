using System.Globalization;
using System.Net;
using System.Security.Cryptography;

namespace CloneHub.Provisioning.WordPress.PublicSite;

/// <summary>Posts, pages and comments.</summary>
internal sealed partial class ContentCopy
{
    internal const string PostColumns =
        "ID, post_author, post_date, post_date_gmt, post_content, post_title, post_excerpt, post_status, comment_status, ping_status, post_password, post_name, "
        + "to_ping, pinged, post_modified, post_modified_gmt, post_content_filtered, post_parent, guid, menu_order, post_type, post_mime_type";

    private const string NoMoment = "0000-00-00 00:00:00";
    private const string Fields =
        "_fields=id,date,date_gmt,modified,modified_gmt,slug,link,title,content,excerpt,author,featured_media,comment_status,ping_status,sticky,parent,menu_order,categories,tags";

    private static readonly (string Field, string Taxonomy)[] TermFields = [("categories", "category"), ("tags", "post_tag")];

    private readonly HashSet<long> _posts = [];
    private readonly List<PostAddress> _addresses = [];
    private readonly Dictionary<long, (string Title, string Link)> _pages = [];

    internal List<long> Sticky { get; } = [];

    /// <summary>The page whose address is that of the home page.</summary>
    internal long FrontPage { get; private set; }

    /// <summary>Pages without content of their own: one of them may be the list of posts.</summary>
    internal List<(long Id, string Link)> EmptyPages { get; } = [];

    internal string? PermalinkStructure => Permalinks.StructureOf(_addresses);

    internal async Task PostsAsync(CancellationToken cancellation)
    {
        foreach (var (route, type) in ((string, string)[])[(CollectionReader.Posts, "post"), (CollectionReader.Pages, "page")])
        {
            var came = await reader.ReadAsync(route, Fields, type + "s", () => ClearPostsAsync(type), items => AddPostsAsync(items, type), cancellation);
            var kept = await tables.CountAsync("posts", $"post_type = '{type}'");
            if (kept != came) throw Import.ImportFault.Verification($"The clone holds {kept} of {came} {type}s.");
        }
    }

    internal Task CommentsAsync(CancellationToken cancellation) => reader.TryAsync("comments", () => reader.ReadAsync(
        "wp/v2/comments", "_fields=id,post,parent,author,author_name,author_url,date,date_gmt,content,type,status", "comments",
        () => tables.RunAsync($"DELETE FROM {ContentTables.Name("comments")}"), AddCommentsAsync, cancellation));

    /// <summary>WordPress keeps the numbers of comments and of posts in a term beside them.</summary>
    internal async Task CountAsync()
    {
        await tables.RunAsync(
            $"UPDATE {ContentTables.Name("posts")} p SET comment_count = (SELECT COUNT(*) FROM {ContentTables.Name("comments")} c WHERE c.comment_post_ID = p.ID)");
        await tables.RunAsync(
            $"UPDATE {ContentTables.Name("term_taxonomy")} t SET count = (SELECT COUNT(*) FROM {ContentTables.Name("term_relationships")} r WHERE r.term_taxonomy_id = t.term_taxonomy_id)");
    }

    private async Task ClearPostsAsync(string type)
    {
        var those = $"(SELECT ID FROM {ContentTables.Name("posts")} WHERE post_type = '{type}')";
        await tables.RunAsync($"DELETE FROM {ContentTables.Name("postmeta")} WHERE post_id IN {those}");
        await tables.RunAsync($"DELETE FROM {ContentTables.Name("term_relationships")} WHERE object_id IN {those}");
        await tables.RunAsync($"DELETE FROM {ContentTables.Name("posts")} WHERE post_type = '{type}'");
        if (type == "page") EmptyPages.Clear();
        else _addresses.Clear();
        if (type == "post") Sticky.Clear();
    }

    private async Task AddPostsAsync(IReadOnlyList<RestItem> posts, string type)
    {
        await tables.InsertAsync("posts", PostColumns, [.. posts.Select(post => Row(post, type))]);
        await tables.InsertAsync(
            "postmeta", "post_id, meta_key, meta_value",
            [.. posts.Where(post => post.Number("featured_media") > 0).Select(post => new object?[]
                { post.Id, "_thumbnail_id", post.Number("featured_media").ToString(CultureInfo.InvariantCulture) })]);
        await tables.InsertAsync(
            "term_relationships", "object_id, term_taxonomy_id, term_order",
            [.. posts.SelectMany(post => TermsOf(post).Distinct().Select(term => new object?[] { post.Id, term, 0 }))]);
        foreach (var post in posts) Note(post, type);
    }

    private object?[] Row(RestItem post, string type)
    {
        var isProtected = post.Inner("content").Flag("protected");
        if (isProtected) warnings.Count("Content behind a password is not public and is missing in the clone", post.Rendered("title"));
        return
        [
            post.Id, post.Number("author"), post.Moment("date") ?? NoMoment, post.Moment("date_gmt") ?? post.Moment("date") ?? NoMoment,
            isProtected ? "" : text.Content(post.Rendered("content")), text.Title(post.Rendered("title")), isProtected ? "" : text.Excerpt(post.Rendered("excerpt")),
            "publish", post.Text("comment_status") == "open" ? "open" : "closed", post.Text("ping_status") == "open" ? "open" : "closed",
            isProtected ? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(10)) : "", PublicText.Slug(post.Text("slug")), "", "",
            post.Moment("modified") ?? NoMoment, post.Moment("modified_gmt") ?? post.Moment("modified") ?? NoMoment, "", post.Number("parent"),
            string.Create(CultureInfo.InvariantCulture, $"{clone}/?{(type == "page" ? "page_id" : "p")}={post.Id}"), post.Number("menu_order"), type, "",
        ];
    }

    private IEnumerable<long> TermsOf(RestItem post)
    {
        foreach (var (field, taxonomy) in TermFields)
            foreach (var term in post.Ids(field))
                if (_taxonomies.TryGetValue((taxonomy, term), out var id)) yield return id;
    }

    private void Note(RestItem post, string type)
    {
        _posts.Add(post.Id);
        Know(post.Text("link"), "post_type", type, post.Id);
        var path = PublicText.PathBelow(home, post.Text("link"));
        if (type == "page")
        {
            if (path is not { Length: <= LongestPath }) return;
            if (_pages.Count < MostAddresses) _pages[post.Id] = (PublicText.Cut(WebUtility.HtmlDecode(post.Rendered("title")), LongestPath), post.Text("link"));
            if (path.Length == 0) FrontPage = post.Id;
            else if (post.Rendered("content").Trim().Length == 0 && !post.Inner("content").Flag("protected") && EmptyPages.Count < MostAddresses) EmptyPages.Add((post.Id, post.Text("link")));
            return;
        }

        if (post.Flag("sticky")) Sticky.Add(post.Id);
        if (path is not { Length: <= LongestPath } || _addresses.Count == MostAddresses) return;
        _addresses.Add(new PostAddress(
            post.Id, path, PublicText.Slug(post.Text("slug")), post.Moment("date") ?? "", _authors.GetValueOrDefault(post.Number("author"), ""),
            [.. post.Ids("categories").SelectMany(LineOf).Distinct()]));
    }

    /// <summary>A category with those above it: all of them stand in an address.</summary>
    private IEnumerable<string> LineOf(long category)
    {
        for (var depth = 0; depth < 10 && _categories.TryGetValue(category, out var found); category = found.Parent, depth++) yield return found.Slug;
    }

    private async Task AddCommentsAsync(IReadOnlyList<RestItem> comments)
    {
        foreach (var lost in comments.Where(comment => !_posts.Contains(comment.Number("post"))))
            warnings.Count("Comments on content that was not copied are missing", lost.Id.ToString(CultureInfo.InvariantCulture));
        await tables.InsertAsync(
            "comments",
            "comment_ID, comment_post_ID, comment_author, comment_author_email, comment_author_url, comment_author_IP, comment_date, comment_date_gmt, comment_content, "
            + "comment_karma, comment_approved, comment_agent, comment_type, comment_parent, user_id",
            [.. comments.Where(comment => _posts.Contains(comment.Number("post"))).Select(comment => new object?[]
            {
                comment.Id, comment.Number("post"), text.Title(comment.Text("author_name")), "", Shortened(text.Rewritten(comment.Text("author_url")), 200), "",
                comment.Moment("date") ?? NoMoment, comment.Moment("date_gmt") ?? NoMoment, text.Rewritten(comment.Rendered("content")).Trim(), 0, "1", "",
                comment.Text("type") is { Length: > 0 } kind ? Shortened(kind, 20) : "comment", comment.Number("parent"), comment.Number("author"),
            })]);
    }
}
