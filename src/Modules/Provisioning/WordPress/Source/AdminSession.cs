using System.Net;
using System.Text.RegularExpressions;

namespace CloneHub.Provisioning.WordPress;

/// <summary>Why a form log-in did not succeed.</summary>
internal enum LogInRefusal
{
    None,
    Credentials,
    SecondFactor,
    Captcha,
    Locked,
}

/// <summary>An administrator's session on a source site, by cookies, as a browser has it.</summary>
internal sealed partial class AdminSession(SourceHttp http, SiteDoor door)
{
    private string _username = "";
    private string _password = "";
    private Uri? _logOut;

    public SiteDoor Door => door;

    public async Task<LogInRefusal> LogInAsync(string username, string password, CancellationToken cancellation)
    {
        (_username, _password) = (username, password);

        // The link that ends a session is good for that session only.
        _logOut = null;
        http.KeepCookiesFor(door.Base);
        http.ForgetCookies();

        // Set beforehand, the test cookie saves the visit that would fetch it.
        http.SetCookie("wordpress_test_cookie", "WP%20Cookie%20check");
        var form = new Dictionary<string, string>
        {
            ["log"] = username,
            ["pwd"] = password,
            ["testcookie"] = "1",
            ["wp-submit"] = "Log In",
            ["redirect_to"] = door.Admin("plugin-install.php?tab=upload").AbsoluteUri,
        };
        var page = await http.PostAsync(door.LogIn, new FormUrlEncodedContent(form), cancellation);
        return http.HasCookie("wordpress_logged_in_") ? LogInRefusal.None : RefusalOf(page);
    }

    /// <summary>A page of wp-admin. A session that is asked to prove itself once more does so, once.</summary>
    public async Task<SourcePage> GetAsync(string adminPage, CancellationToken cancellation)
    {
        var page = await http.GetAsync(door.Admin(adminPage), cancellation);
        if (LeadsToLogIn(page))
        {
            if (await LogInAsync(_username, _password, cancellation) != LogInRefusal.None) throw SourceFaults.LogInLost();
            page = await http.GetAsync(door.Admin(adminPage), cancellation);
            if (LeadsToLogIn(page)) throw SourceFaults.LogInLost();
        }

        NoteLogOut(page);
        if (page.IsRedirect && page.Location!.AbsolutePath.EndsWith("/wp-admin/upgrade.php", StringComparison.Ordinal)) throw SourceFaults.UpgradePending();
        if (page.IsRedirect && page.Location!.AbsolutePath.Contains("/wp-admin/network/", StringComparison.Ordinal)) throw SourceFaults.Multisite();
        return page;
    }

    public async Task<SourcePage> PostAsync(string adminPage, HttpContent content, CancellationToken cancellation)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, door.Admin(adminPage)) { Content = content };
        request.Headers.Referrer = door.Admin("plugin-install.php?tab=upload");
        return await http.PageAsync(request, cancellation);
    }

    public Task<SourcePage> FollowAsync(Uri address, CancellationToken cancellation) => http.GetAsync(address, cancellation);

    /// <summary>Asks WordPress' own REST interface as the logged-in user.</summary>
    public async Task<SourcePage> RestAsync(HttpMethod method, string route, CancellationToken cancellation)
    {
        var nonce = await http.GetAsync(door.Admin("admin-ajax.php?action=rest-nonce"), cancellation);
        var request = new HttpRequestMessage(method, door.Rest(route));

        // A wall's page in its place is no header; the interface says itself what is missing then.
        if (Nonce().IsMatch(nonce.Html)) request.Headers.Add("X-WP-Nonce", nonce.Html.Trim());
        return await http.PageAsync(request, cancellation);
    }

    /// <summary>Ends the session, so that no token of it stays with the user.</summary>
    public async Task LogOutAsync(CancellationToken cancellation)
    {
        if (!http.HasCookie("wordpress_logged_in_")) return;
        if (_logOut is null) NoteLogOut(await http.GetAsync(door.Admin("profile.php"), cancellation));
        if (_logOut is not null) await http.GetAsync(_logOut, cancellation);
        http.ForgetCookies();
    }

    private void NoteLogOut(SourcePage page)
    {
        // Any other link may carry the same words in its redirect.
        var link = LogOutLink().Match(page.Html);
        if (link.Success && Uri.TryCreate(page.Address, WebUtility.HtmlDecode(link.Groups[1].Value), out var address)) _logOut = address;
    }

    /// <summary>WordPress' own have ten digits; plugins that replace them may have others.</summary>
    [GeneratedRegex(@"\A\s*[0-9a-zA-Z]{1,64}\s*\z")]
    private static partial Regex Nonce();

    /// <summary>Whether the site has forgotten the session.</summary>
    public static bool LeadsToLogIn(SourcePage page) =>
        page.IsRedirect && page.Location!.AbsolutePath.EndsWith("/wp-login.php", StringComparison.Ordinal);

    /// <summary>Reads names and ids, which translations leave alone; words only where nothing else tells.</summary>
    private static LogInRefusal RefusalOf(SourcePage page)
    {
        DoorFinder.Refuse(page);
        if (SecondFactorField().IsMatch(page.Html)) return LogInRefusal.SecondFactor;
        if (LockMark().IsMatch(page.Html)) return LogInRefusal.Locked;
        if (page.Status == HttpStatusCode.Forbidden) throw SourceFaults.Walled(page.Address.AbsolutePath, (int)page.Status);
        return CaptchaMark().IsMatch(page.Html) ? LogInRefusal.Captcha : LogInRefusal.Credentials;
    }

    [GeneratedRegex(@"href=[""']([^""']*wp-login\.php\?action=logout[^""']*)[""']", RegexOptions.IgnoreCase)]
    private static partial Regex LogOutLink();

    [GeneratedRegex(@"\b(?:name|id)=[""'](?:authcode|two-factor[^""']*|wp[-_]2fa[^""']*|googleotp|otp|mfa[^""']*|twofa[^""']*|itsec_two_factor[^""']*|duo_[^""']*|wfls-token)[""']", RegexOptions.IgnoreCase)]
    private static partial Regex SecondFactorField();

    [GeneratedRegex(@"limit-login-attempts|lockout|loginizer_lock|too many failed|temporarily (?:locked|limited|blocked)|access to this site has been limited", RegexOptions.IgnoreCase)]
    private static partial Regex LockMark();

    [GeneratedRegex(@"g-recaptcha|h-captcha|hcaptcha|cf-turnstile|frc-captcha|altcha|si_captcha|aiowps-captcha|cptch_|wpcaptcha|name=[""'][^""']*captcha", RegexOptions.IgnoreCase)]
    private static partial Regex CaptchaMark();
}
