using System.Globalization;
using System.Net;
using CloneHub.Provisioning.WordPress.Import;

namespace CloneHub.Provisioning.WordPress.PublicSite;

/// <summary>The options of a clone, from what the source says about itself and what its addresses give away.</summary>
internal sealed class SiteSettings(ContentTables tables, ContentCopy content, PublicSource source, ImportWarnings warnings)
{
    private const int MostEmptyPages = 5;

    internal async Task WriteAsync(string theme, IReadOnlyList<long> menus, string host, CancellationToken cancellation)
    {
        var facts = source.Facts;
        foreach (var (name, value) in new (string, string)[]
        {
            ("blogname", facts.Name), ("blogdescription", facts.Description), ("timezone_string", facts.Timezone), ("gmt_offset", facts.Timezone.Length > 0 ? "" : facts.GmtOffset),
            ("template", theme), ("stylesheet", theme), ("current_theme", ""), ("admin_email", $"clone@{host}"), ("fresh_site", "0"), ("upload_path", ""), ("upload_url_path", ""),
            ("category_base", content.CategoryBase), ("tag_base", content.TagBase), ("permalink_structure", Structure()),
            ("default_category", Number(content.DefaultCategory)), ("sticky_posts", PhpSerialized.List(content.Sticky.Select(id => (object?)id))),
            ("site_icon", Number(content.HasMedia(facts.Icon) ? facts.Icon : 0)), ("site_logo", Number(content.HasMedia(facts.Logo) ? facts.Logo : 0)),
            ("theme_mods_" + theme, PhpSerialized.Of(ThemeSettings(menus))),
        })
            await tables.SetOptionAsync(name, value);
        await HomePageAsync(cancellation);
    }

    private async Task HomePageAsync(CancellationToken cancellation)
    {
        var front = source.Facts.PageOnFront > 0 ? source.Facts.PageOnFront : content.FrontPage;
        var list = front == 0 ? 0 : source.Facts.PageForPosts > 0 ? source.Facts.PageForPosts : await PageOfPostsAsync(cancellation);
        await tables.SetOptionAsync("show_on_front", front > 0 ? "page" : "posts");
        await tables.SetOptionAsync("page_on_front", Number(front));
        await tables.SetOptionAsync("page_for_posts", Number(list));
    }

    /// <summary>The page that the list of posts stands at has no content of its own, and its body carries WordPress's mark.</summary>
    private async Task<long> PageOfPostsAsync(CancellationToken cancellation)
    {
        foreach (var (id, link) in content.EmptyPages.Take(MostEmptyPages))
        {
            try
            {
                var page = await source.Http.GetPageAsync(new Uri(source.Facts.Home, link), cancellation);
                var body = page.Text.IndexOf("<body", StringComparison.OrdinalIgnoreCase);
                var mark = body < 0 ? "" : page.Text[body..Math.Min(page.Text.Length, body + 600)].Split('>')[0];
                if (page.Status == HttpStatusCode.OK && mark.Split(' ', '"', '\'').Contains("blog")) return id;
            }
            catch (StepFaultException fault) when (PublicFaults.IsOfOnePart(fault))
            {
                // robots.txt keeps us from this page: then it stays one page among others.
            }
        }

        return 0;
    }

    private string Structure()
    {
        if (content.PermalinkStructure is { } structure) return structure;
        warnings.Add("No rule of WordPress fits the addresses of the posts, so that posts of the clone have plain ones (?p=1).");
        return "";
    }

    private List<(object Key, object? Value)> ThemeSettings(IReadOnlyList<long> menus)
    {
        var places = new List<(object, object?)>();
        if (menus.Count > 0) places.Add(("primary", menus[0]));
        if (menus.Count > 1) places.Add(("footer", menus[1]));
        var settings = new List<(object, object?)> { ("nav_menu_locations", places) };
        if (content.HasMedia(source.Facts.Logo)) settings.Add(("custom_logo", source.Facts.Logo));
        return settings;
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
