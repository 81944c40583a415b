using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace CloneHub.Provisioning.WordPress.PublicSite;

/// <summary>Menus as visitors of the home page see them: for classic themes as WordPress's menus, for block themes as a navigation.</summary>
internal sealed partial class ContentCopy
{
    private const int MostPagesInMenu = 10;
    private static readonly string NoClasses = PhpSerialized.List([""]);

    /// <summary>Only ASCII and no markup, so that a label can stand in a block's comment.</summary>
    private static readonly JsonSerializerOptions InComment = new() { Encoder = JavaScriptEncoder.Default };

    private long _nextPost;
    private string _written = NoMoment;

    /// <summary>Writes the menus and answers the numbers of their terms, in the order of the page.</summary>
    internal async Task<IReadOnlyList<long>> MenusAsync(IReadOnlyList<IReadOnlyList<MenuLink>> menus)
    {
        // New rows come after everything that has a number at the source.
        _nextPost = (await tables.NumbersAsync($"SELECT COALESCE(MAX(ID), 0) + 1 FROM {ContentTables.Name("posts")}"))[0];
        var nextTerm = (await tables.NumbersAsync($"SELECT COALESCE(MAX(term_id), 0) + 1 FROM {ContentTables.Name("terms")}"))[0];
        _written = (await LastMomentAsync()) ?? NoMoment;
        var written = new List<long>();
        for (var i = 0; i < menus.Count; i++)
        {
            var term = nextTerm + i;
            var number = (long)_taxonomies.Count + 1;
            _taxonomies[("nav_menu", term)] = number;
            var name = i == 0 ? "Main" : string.Create(CultureInfo.InvariantCulture, $"Menu {i + 1}");
            await tables.InsertAsync("terms", "term_id, name, slug, term_group", [[term, name, name.ToLowerInvariant().Replace(' ', '-'), 0]]);
            await tables.InsertAsync("term_taxonomy", "term_taxonomy_id, term_id, taxonomy, description, parent, count", [[number, term, "nav_menu", "", 0, 0]]);
            var order = 0;
            foreach (var link in menus[i]) order = await AddItemAsync(link, parent: 0, order, number);
            written.Add(term);
        }

        if (menus.Count > 0) await AddPostAsync(_nextPost++, "wp_navigation", "Navigation", string.Concat(menus[0].Select(Block)), 0);
        return written;
    }

    /// <summary>Where the home page shows no menu: its published pages, as WordPress does it.</summary>
    internal async Task<IReadOnlyList<MenuLink>> PagesAsMenuAsync()
    {
        var pages = await tables.NumbersAsync(
            $"SELECT ID FROM {ContentTables.Name("posts")} WHERE post_type = 'page' AND post_parent = 0 AND post_password = '' ORDER BY menu_order, post_title LIMIT {MostPagesInMenu}");
        return [.. pages.Where(_pages.ContainsKey).Select(id => new MenuLink(_pages[id].Title, _pages[id].Link, []))];
    }

    private async Task<int> AddItemAsync(MenuLink link, long parent, int order, long menu)
    {
        var id = _nextPost++;
        var place = PublicText.PathBelow(home, link.Url) is { Length: > 0 } path && !link.Url.Contains('#', StringComparison.Ordinal) ? _places.GetValueOrDefault(path) : null;
        order++;
        await AddPostAsync(id, "nav_menu_item", text.Title(System.Net.WebUtility.HtmlEncode(link.Label)), "", order);
        await tables.InsertAsync(
            "postmeta", "post_id, meta_key, meta_value",
            [
                [id, "_menu_item_type", place?.Type ?? "custom"], [id, "_menu_item_menu_item_parent", Number(parent)], [id, "_menu_item_object_id", Number(place?.Id ?? id)],
                [id, "_menu_item_object", place?.Kind ?? "custom"], [id, "_menu_item_target", ""], [id, "_menu_item_classes", NoClasses], [id, "_menu_item_xfn", ""],
                [id, "_menu_item_url", place is null ? text.Rewritten(link.Url) : ""],
            ]);
        await tables.InsertAsync("term_relationships", "object_id, term_taxonomy_id, term_order", [[id, menu, 0]]);
        foreach (var child in link.Children) order = await AddItemAsync(child, id, order, menu);
        return order;
    }

    private Task AddPostAsync(long id, string type, string title, string content, int order) => tables.InsertAsync(
        "posts", PostColumns,
        [[id, 0, _written, _written, content, title, "", "publish", "closed", "closed", "", $"{type.Replace('_', '-')}-{Number(id)}", "", "", _written, _written, "", 0, $"{clone}/?p={Number(id)}", order, type, ""]]);

    private string Block(MenuLink link)
    {
        var label = System.Net.WebUtility.HtmlEncode(link.Label);
        var attributes = JsonSerializer.Serialize(new { label, url = text.Rewritten(link.Url), kind = "custom" }, InComment).Replace("--", "\\u002d\\u002d", StringComparison.Ordinal);
        return link.Children.Count == 0
            ? $"<!-- wp:navigation-link {attributes} /-->\n"
            : $"<!-- wp:navigation-submenu {attributes} -->\n{string.Concat(link.Children.Select(Block))}<!-- /wp:navigation-submenu -->\n";
    }

    private async Task<string?> LastMomentAsync()
    {
        var seconds = await tables.NumbersAsync($"SELECT COALESCE(MAX(UNIX_TIMESTAMP(NULLIF(post_date_gmt, '{NoMoment}'))), 0) FROM {ContentTables.Name("posts")}");
        return seconds[0] == 0 ? null : DateTimeOffset.FromUnixTimeSeconds(seconds[0]).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
