using System.Net;
using System.Text.RegularExpressions;

namespace CloneHub.Provisioning.WordPress.Verification;

/// <summary>Logs in to a clone with the credentials its caller will get, looks at their profile and logs out again.</summary>
internal sealed partial class AdminVisit(SiteVisit visit, Func<HttpRequestMessage, CancellationToken, Task<Fetched>> send, Action<string> differs)
{
    /// <summary>WordPress wants to see that the browser keeps cookies; having this one is the proof.</summary>
    private const string TestCookie = "wordpress_test_cookie=WP%20Cookie%20check";

    private readonly Dictionary<string, string> _cookies = new(StringComparer.Ordinal);

    internal async Task RunAsync(CancellationToken cancellation)
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["log"] = visit.Username,
            ["pwd"] = visit.Password.Reveal(),
            ["testcookie"] = "1",
            ["wp-submit"] = "Log In",
        });
        var login = await SendAsync(HttpMethod.Post, "wp-login.php", form, cancellation);
        if (login.Status != HttpStatusCode.Redirect || !_cookies.Keys.Any(name => name.StartsWith("wordpress_logged_in_", StringComparison.Ordinal)))
        {
            differs("wp-admin does not accept the clone's credentials");
            return;
        }

        // Not the dashboard: WordPress makes a draft for whoever looks at that.
        var profile = await SendAsync(HttpMethod.Get, "wp-admin/profile.php", null, cancellation);
        if (profile.Status != HttpStatusCode.OK || !WebUtility.HtmlDecode(profile.Text).Contains(visit.Username, StringComparison.OrdinalIgnoreCase))
            differs($"wp-admin answers {(int)profile.Status} and does not greet the user");
        await LogOutAsync(profile, cancellation);
    }

    private async Task LogOutAsync(Fetched profile, CancellationToken cancellation)
    {
        var nonce = LogOutLink().Match(profile.Text).Groups["nonce"].Value;
        if (nonce.Length == 0) return;
        await SendAsync(HttpMethod.Get, $"wp-login.php?action=logout&_wpnonce={nonce}", null, cancellation);
    }

    private async Task<Fetched> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellation)
    {
        var home = visit.CloneUrl.AbsoluteUri.EndsWith('/') ? visit.CloneUrl : new Uri(visit.CloneUrl.AbsoluteUri + "/");
        var request = new HttpRequestMessage(method, new Uri(home, path)) { Content = content };
        request.Headers.Add("Cookie", string.Join("; ", _cookies.Select(pair => $"{pair.Key}={pair.Value}").Prepend(TestCookie)));
        var fetched = await send(request, cancellation);
        foreach (var cookie in fetched.Cookies)
        {
            var pair = cookie.Split(';')[0];
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0) _cookies[pair[..equals]] = pair[(equals + 1)..];
        }

        return fetched;
    }

    [GeneratedRegex(@"wp-login\.php\?action=logout(?:&amp;|&#038;|&)_wpnonce=(?<nonce>[0-9a-zA-Z]+)")]
    private static partial Regex LogOutLink();
}
