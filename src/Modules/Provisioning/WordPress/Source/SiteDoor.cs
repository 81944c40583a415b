using System.Net;
using System.Text.RegularExpressions;

namespace CloneHub.Provisioning.WordPress;

/// <summary>Where a WordPress is administered.</summary>
/// <param name="Base">Address of the folder that holds wp-admin, as the site itself writes it; with trailing slash.</param>
/// <param name="ClockOffset">How far the site's clock is ahead of ours.</param>
internal sealed record SiteDoor(Uri Base, TimeSpan ClockOffset)
{
    /// <summary>Makes a POST to the REST interface a DELETE, which many web servers refuse.</summary>
    public const string AsDelete = "&_method=DELETE";

    public Uri LogIn => new(Base, "wp-login.php");

    public Uri Admin(string page) => new(Base, "wp-admin/" + page);

    public Uri Rest(string route) => new(Base, "?rest_route=" + route);
}

/// <summary>
/// Finds the door of a site by GET alone: redirects from http to https or to www are over before anything is posted, because a
/// redirected POST arrives as a GET.
/// </summary>
internal static partial class DoorFinder
{
    public static async Task<SiteDoor> FindAsync(SourceHttp http, Uri source, TimeProvider clock, CancellationToken cancellation)
    {
        var start = StartOf(source);
        var page = await http.GetFollowingAsync(new Uri(start, "wp-login.php"), cancellation);
        if (DoorOf(page, clock) is { } door) return door;
        Refuse(page);

        // The log-in may lie in another folder than the home page.
        var home = await http.GetFollowingAsync(start, cancellation);
        Refuse(home);
        var isWordPress = false;
        foreach (var folder in FoldersNamedBy(home).Distinct().Take(3))
        {
            isWordPress = true;
            page = await http.GetFollowingAsync(new Uri(folder, "wp-login.php"), cancellation);
            if (DoorOf(page, clock) is { } elsewhere) return elsewhere;
        }

        if ((int)home.Status >= 500) throw SourceFaults.Unreachable($"it answers {(int)home.Status}.");
        throw isWordPress ? SourceFaults.LogInHidden() : SourceFaults.NotWordPress(source);
    }

    /// <summary>Where a connector that is there already is called: at the home page, whatever is hidden behind it.</summary>
    public static async Task<SiteDoor> OfHomeAsync(SourceHttp http, Uri source, TimeProvider clock, CancellationToken cancellation)
    {
        var home = await http.GetFollowingAsync(StartOf(source), cancellation);
        return new SiteDoor(new UriBuilder(new Uri(home.Address, ".")) { Query = "", Fragment = "" }.Uri, OffsetOf(home, clock));
    }

    /// <summary>Throws what stands between us and any page of the site.</summary>
    public static void Refuse(SourcePage page)
    {
        if (page.Wall == "Basic" && page.Status == HttpStatusCode.Unauthorized) throw SourceFaults.HttpAuthentication();
        if (page.Wall is "Cloudflare" or "SiteGround") throw SourceFaults.Walled(page.Address.AbsolutePath, (int)page.Status);
        if (page.Status is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout)
        {
            throw SourceFaults.Unreachable($"it answers {(int)page.Status}.");
        }
    }

    /// <summary>People paste what their browser shows: the log-in page, the dashboard, an address without slash.</summary>
    internal static Uri StartOf(Uri source)
    {
        var path = AdminTail().Replace(source.AbsolutePath, "/");
        if (!path.EndsWith('/')) path += "/";
        return new UriBuilder(source) { Path = path, Query = "", Fragment = "", UserName = "", Password = "" }.Uri;
    }

    private static SiteDoor? DoorOf(SourcePage page, TimeProvider clock)
    {
        if (page.Status != HttpStatusCode.OK || LogInForm().Match(page.Html) is not { Success: true } form) return null;

        // The form's target is the site's own idea of its address, the one its cookies and redirects will have.
        var action = ActionAttribute().Match(form.Value);
        if (!action.Success || !Uri.TryCreate(page.Address, WebUtility.HtmlDecode(action.Groups[1].Value), out var target)) target = page.Address;
        var folder = new Uri(target, ".");
        return new SiteDoor(new UriBuilder(folder) { Query = "", Fragment = "" }.Uri, OffsetOf(page, clock));
    }

    private static TimeSpan OffsetOf(SourcePage page, TimeProvider clock) => page.ServerTime is { } time ? time - clock.GetUtcNow() : TimeSpan.Zero;

    private static IEnumerable<Uri> FoldersNamedBy(SourcePage home) =>
        from Match match in CoreAddress().Matches(home.Html)
        let address = WebUtility.HtmlDecode(match.Groups[1].Value)
        where Uri.TryCreate(home.Address, address, out _)
        let folder = new Uri(home.Address, address)
        where folder.Host == home.Address.Host
        select folder;

    [GeneratedRegex(@"/(wp-admin(/.*)?|wp-login\.php)/?$", RegexOptions.IgnoreCase)]
    private static partial Regex AdminTail();

    [GeneratedRegex(@"<form\b[^>]*\bid=[""']loginform[""'][^>]*>", RegexOptions.IgnoreCase)]
    private static partial Regex LogInForm();

    [GeneratedRegex(@"\baction=[""']([^""']+)[""']", RegexOptions.IgnoreCase)]
    private static partial Regex ActionAttribute();

    [GeneratedRegex(@"[""'(]([^""'()\s<>]*?)wp-(?:includes|content|json)/", RegexOptions.IgnoreCase)]
    private static partial Regex CoreAddress();
}
