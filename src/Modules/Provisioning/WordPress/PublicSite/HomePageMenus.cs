using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;

namespace CloneHub.Provisioning.WordPress.PublicSite;

/// <param name="Url">Absolute.</param>
internal sealed record MenuLink(string Label, string Url, IReadOnlyList<MenuLink> Children);

/// <summary>
/// WordPress shows its menus to nobody but administrators; what visitors see of them is in the pages. These are the nested lists of links
/// in the navigation of the home page.
/// </summary>
internal static partial class HomePageMenus
{
    private const int MostMenus = 3;
    private const int MostLists = 200;
    private const int MostLinks = 200;
    private const int MostLinksInAll = 1_000;
    private const int Deepest = 6;

    /// <summary>Of a page; three times as many as a large one has. The parser's time grows with their square where they are nested.</summary>
    private const int MostElements = 20_000;
    private const int MostTags = 2 * MostElements;
    private const int DeepestElement = 500;

    /// <summary>Characters of one start tag without the values in quotes: the parser compares each attribute with all before it.</summary>
    private const int LongestTag = 8 << 10;
    private const string Lists = "nav ul, ul.menu, ul.nav-menu, ul[id^=menu-], ul.wp-block-navigation__container";
    private static readonly string[] NoMenus = ["pagination", "breadcrumb", "nav-links", "page-numbers", "social", "wp-block-social"];

    /// <summary>Menus in the order in which the page shows them.</summary>
    internal static IReadOnlyList<IReadOnlyList<MenuLink>> Of(string html, Uri home)
    {
        if (StartTag().Count(html) > MostElements || Tag().Count(html) > MostTags || HasLongTag(html)) return [];
        var left = new StrongBox<int>(MostLinksInAll);
        var page = new HtmlParser().ParseDocument(Costly().Replace(html, "<$1x-$2"));
        if (IsDeep(page)) return [];
        var lists = page.QuerySelectorAll(Lists).Take(MostLists).ToList();
        var inner = lists.SelectMany(list => list.QuerySelectorAll("ul")).ToHashSet();
        return
        [
            .. lists.Where(list => !inner.Contains(list) && !IsOther(list))
                .Select(list => LinksOf(list, home, depth: 0, left))
                .Where(menu => menu.Count > 0)
                .DistinctBy(menu => string.Join('\n', menu.Select(link => link.Url)))
                .Take(MostMenus),
        ];
    }

    private static List<MenuLink> LinksOf(IElement list, Uri home, int depth, StrongBox<int> left) => depth == Deepest ? [] :
    [
        .. list.Children.Where(child => child.LocalName == "li").Take(MostLinks)
            .Select(item => LinkOf(item, home, depth, left)).OfType<MenuLink>(),
    ];

    private static MenuLink? LinkOf(IElement item, Uri home, int depth, StrongBox<int> left)
    {
        if (left.Value-- <= 0) return null;
        var children = item.QuerySelector("ul") is { } list ? LinksOf(list, home, depth + 1, left) : [];
        var link = item.QuerySelectorAll("a").FirstOrDefault(anchor => anchor.Closest("li") == item);
        var label = string.Join(' ', (link?.TextContent ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        if (link is null || label.Length is 0 or > 200) return null;
        var target = link.GetAttribute("href") ?? "";
        return Uri.TryCreate(home, target, out var address) && address.Scheme is "http" or "https" ? new MenuLink(label, address.AbsoluteUri, children) : null;
    }

    private static bool HasLongTag(string html)
    {
        var (isInside, quote, length) = (false, '\0', 0);
        for (var at = 0; at < html.Length; at++)
        {
            var c = html[at];
            if (!isInside) (isInside, quote, length) = (c == '<' && at + 1 < html.Length && char.IsAsciiLetter(html[at + 1]), '\0', 0);
            else if (quote != '\0') quote = c == quote ? '\0' : quote;
            else if (c is '"' or '\'') quote = c;
            else if (c == '>') isInside = false;
            else if (++length > LongestTag) return true;
        }

        return false;
    }

    /// <summary>Lists of links that look like menus and are something else.</summary>
    private static bool IsOther(IElement list)
    {
        for (var element = list; element is not null; element = element.ParentElement)
        {
            var names = $"{element.ClassName} {element.Id}";
            if (NoMenus.Any(name => names.Contains(name, StringComparison.OrdinalIgnoreCase))) return true;
            if (element.LocalName is "nav" or "header" or "footer") return false;
        }

        return false;
    }

    /// <summary>Asked before any query: those go down by recursion, and a stack that overflows ends the whole program.</summary>
    private static bool IsDeep(INode page)
    {
        var left = new Stack<(INode Node, int Depth)>([(page, 0)]);
        while (left.TryPop(out var next))
        {
            if (next.Depth > DeepestElement) return true;
            foreach (var child in next.Node.ChildNodes) left.Push((child, next.Depth + 1));
        }

        return false;
    }

    [GeneratedRegex("</?[a-zA-Z]")]
    private static partial Regex Tag();

    [GeneratedRegex("<[a-zA-Z]")]
    private static partial Regex StartTag();

    /// <summary>
    /// Elements that say nothing of menus and cost without bound where they are left open: templates are closed by recursion, and those of
    /// the style of letters are opened again in every paragraph. Under other names they are elements like any other.
    /// </summary>
    [GeneratedRegex(@"<(/?)(template|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\s/>])", RegexOptions.IgnoreCase)]
    private static partial Regex Costly();
}
