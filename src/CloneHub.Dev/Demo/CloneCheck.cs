using System.Net;
using System.Text.RegularExpressions;
using CloneHub.Dev.Host;
using CloneHub.Dev.WordPress;

namespace CloneHub.Dev.Demo;

/// <summary>Looks at a finished clone the way its user would.</summary>
internal static partial class CloneCheck
{
    /// <summary>What is wrong with the clone; empty if nothing is.</summary>
    public static async Task<IReadOnlyList<string>> FindFaultsAsync(SourceSite source, CloneAnswer clone, CancellationToken ct)
    {
        using var client = LoopbackHttp.CreateClient();
        var faults = new List<string>();

        var original = await client.GetStringAsync(source.Url, ct);
        var copy = await client.GetStringAsync(clone.CloneUrl, ct);
        if (TitleOf(copy) != TitleOf(original))
            faults.Add($"The home page is called \"{TitleOf(copy)}\", but \"{TitleOf(original)}\" at the source.");
        if (copy.Contains(source.Url.Authority, StringComparison.OrdinalIgnoreCase))
            faults.Add($"The home page still refers to {source.Url.Authority}.");

        if (await FindLogInFaultAsync(client, clone, ct) is { } fault)
            faults.Add(fault);
        return faults;
    }

    public static async Task<bool> IsGoneAsync(Uri clone, CancellationToken ct)
    {
        using var client = LoopbackHttp.CreateClient(allowAutoRedirect: false);
        using var answer = await client.GetAsync(clone, ct);
        return answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone;
    }

    private static async Task<string?> FindLogInFaultAsync(HttpClient client, CloneAnswer clone, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(clone.CloneUrl, "wp-login.php"));
        request.Headers.Add("Cookie", "wordpress_test_cookie=WP%20Cookie%20check");
        request.Content = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["log"] = clone.Username,
            ["pwd"] = clone.Password,
            ["testcookie"] = "1",
            ["redirect_to"] = new Uri(clone.CloneUrl, "wp-admin/").AbsoluteUri,
        });
        using var answer = await client.SendAsync(request, ct);
        var page = await answer.Content.ReadAsStringAsync(ct);
        return page.Contains("id=\"wpadminbar\"", StringComparison.Ordinal)
            ? null
            : $"{clone.Username} could not log in with the returned password: {answer.RequestMessage?.RequestUri} answered {(int)answer.StatusCode}, \"{TitleOf(page)}\".";
    }

    private static string TitleOf(string html) => WebUtility.HtmlDecode(Title().Match(html).Groups[1].Value.Trim());

    [GeneratedRegex("<title>(.*?)</title>", RegexOptions.Singleline)]
    private static partial Regex Title();
}
