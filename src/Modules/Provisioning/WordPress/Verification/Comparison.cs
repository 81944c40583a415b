using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Provisioning.WordPress.Rewriting;

namespace CloneHub.Provisioning.WordPress.Verification;

/// <summary>How far an address of a clone could be held against its counterpart.</summary>
internal enum Verdict
{
    Compared,
    NotCompared,

    /// <summary>Neither site has it.</summary>
    MissingOnBoth,

    /// <summary>A medium that comes later has not come yet.</summary>
    StillToCome,
}

/// <summary>Pages and media of a clone beside those of its source.</summary>
internal sealed partial class Comparison(SiteVisit visit, Side clone, Side source, Findings findings)
{
    private const int Excerpt = 80;

    /// <summary>What lies beside WordPress itself where that is in another folder than the home page.</summary>
    private static readonly string[] OfCore = ["wp-admin", "wp-login.php", "wp-includes"];

    private readonly ContentRewriter _leftovers = new(SiteAddresses.Addresses(visit.Source, visit.CloneUrl));

    /// <summary>The clone's longest address first, so that each finds the part of the site it belongs to.</summary>
    private readonly (string Source, string Clone)[] _parts =
    [
        .. visit.Source.Beside(visit.CloneUrl).Select(pair => (pair.Source.AbsoluteUri.TrimEnd('/'), pair.Clone.AbsoluteUri.TrimEnd('/')))
            .Concat(OfCore.Select(name => ($"{visit.Source.Site?.TrimEnd('/')}/{name}", $"{visit.CloneUrl.AbsoluteUri.TrimEnd('/')}/{name}")).Where(_ => visit.Source.Site is not null))
            .OrderByDescending(pair => pair.Item2.Length),
    ];

    private readonly ConcurrentDictionary<string, string> _assets = new(StringComparer.Ordinal);

    /// <summary>What the clone's pages that were compared so far need of the clone: pictures, styles, scripts.</summary>
    internal IReadOnlyCollection<string> Assets => [.. _assets.Keys];

    /// <summary>Whether an address leads to the source.</summary>
    internal bool NamesSource(string address) => _leftovers.IsMatch(Encoding.UTF8.GetBytes(address));

    internal async Task HomeAsync(CancellationToken cancellation)
    {
        var (here, there) = await GetBothAsync(visit.CloneUrl, cancellation);
        if (here is null || there is null) return;
        var isInstaller = IsInstaller(here) && !IsInstaller(there);
        if (here.Page.Status != HttpStatusCode.OK || isInstaller)
            findings.Differ(string.Create(CultureInfo.InvariantCulture, $"the home page answers {here.Status}{(isInstaller ? " with WordPress's installer" : "")}"));
        ComparePages("the home page", here, there);
    }

    internal async Task<Verdict> PageAsync(Uri address, CancellationToken cancellation)
    {
        var (here, there) = await GetBothAsync(address, cancellation);
        return here is null || there is null ? Verdict.NotCompared : ComparePages(address.PathAndQuery, here, there);
    }

    internal async Task<Verdict> MediaAsync(Uri address, CancellationToken cancellation)
    {
        var (here, there) = await GetBothAsync(address, cancellation);
        if (here is null || there is null || LeadsToSource(address.PathAndQuery, here)) return Verdict.NotCompared;
        if (here.IsStillToCome) return Verdict.StillToCome;
        if (here.IsGone && there.IsGone) return Verdict.MissingOnBoth;
        if (there.Page.Status != HttpStatusCode.OK)
        {
            findings.Doubt(string.Create(CultureInfo.InvariantCulture, $"{address.PathAndQuery} (the source answers {there.Status})"));
            return Verdict.NotCompared;
        }

        if (here.Page.Status != HttpStatusCode.OK)
            findings.Differ(string.Create(CultureInfo.InvariantCulture, $"{address.PathAndQuery} answers {here.Status} instead of 200"));
        else if (here.Page.Length != there.Page.Length || here.Page.Sum != there.Page.Sum) findings.Differ($"{address.PathAndQuery} is not the source's file");
        return Verdict.Compared;
    }

    /// <summary>The source is asked only about what the clone lacks: its visitors come first.</summary>
    internal async Task<Verdict> AssetAsync(Uri address, CancellationToken cancellation)
    {
        if (await clone.GetAsync(address, cancellation) is not { } here) return Verdict.NotCompared;
        if (here.Page.Status == HttpStatusCode.OK) return Verdict.Compared;
        if (await source.GetAsync(AtSource(address), cancellation) is not { } there) return Verdict.NotCompared;
        if (there.Page.Status != HttpStatusCode.OK) return Verdict.MissingOnBoth;
        findings.Differ(string.Create(CultureInfo.InvariantCulture, $"{address.PathAndQuery}, which {_assets[address.AbsoluteUri]} needs, answers {here.Status} instead of 200"));
        return Verdict.NotCompared;
    }

    internal async Task RestAsync(CancellationToken cancellation)
    {
        var (here, there) = await GetBothAsync(new Uri(visit.CloneUrl, "?rest_route=/"), cancellation);
        if (here is null || there is null) return;
        LookForSource("the REST root", here);
        if (here.Page.Status != HttpStatusCode.OK && here.Status == there.Status) findings.Doubt(string.Create(CultureInfo.InvariantCulture, $"the REST root (both answer {here.Status})"));
        else if (here.Page.Status != HttpStatusCode.OK || !IsJson(here.Page))
            findings.Differ(string.Create(CultureInfo.InvariantCulture, $"the REST root answers {here.Status} with {here.Page.MediaType}, which is no JSON"));
    }

    private Verdict ComparePages(string name, Answer here, Answer there)
    {
        // A feed names its entries by their guid, which stays the source's.
        if (IsHtml(here))
        {
            LookForSource(name, here);
            NoteAssets(name, here);
        }

        if (LeadsToSource(name, here)) return Verdict.NotCompared;
        if (there.IsSilent && (here.Status == there.Status || here.Status < 500))
        {
            findings.Doubt(string.Create(CultureInfo.InvariantCulture, $"{name} (the source answers {there.Status})"));
            return Verdict.NotCompared;
        }

        if (Target(here) != Target(there)) findings.Differ($"{name} leads to {Target(here)} instead of {Target(there)}");
        else if (here.Away is null && here.Status != there.Status)
            findings.Differ(string.Create(CultureInfo.InvariantCulture, $"{name} answers {here.Status} instead of {there.Status}"));
        else if (IsHtml(here) && IsHtml(there) && Title(here) != Title(there)) findings.Differ($"{name} is titled '{Title(here)}' instead of '{Title(there)}'");
        return Verdict.Compared;
    }

    private void NoteAssets(string name, Answer here)
    {
        foreach (var address in PageAssets.Of(here.Page.Text, visit.CloneUrl))
            if (address.Authority == visit.CloneUrl.Authority) _assets.TryAdd(address.AbsoluteUri, name);
    }

    private async Task<(Answer? Here, Answer? There)> GetBothAsync(Uri address, CancellationToken cancellation)
    {
        var here = clone.GetAsync(address, cancellation);
        var there = source.GetAsync(AtSource(address), cancellation);
        return (await here, await there);
    }

    private bool LeadsToSource(string name, Answer here)
    {
        if (here.Away is not { } away || !NamesSource(away.AbsoluteUri)) return false;
        findings.Differ($"{name} leads to the source: {away.GetLeftPart(UriPartial.Path)}");
        return true;
    }

    private void LookForSource(string name, Answer here)
    {
        if (!_leftovers.TryFind(here.Page.Body, out var place)) return;
        var start = place.Start.Value;
        var text = Encoding.UTF8.GetString(here.Page.Body, start, Math.Min(Excerpt, here.Page.Body.Length - start));
        findings.Differ($"{name} still names the source: {LineBreak().Split(text)[0]}");
    }

    private Uri AtSource(Uri address)
    {
        foreach (var (at, prefix) in _parts)
            if (address.AbsoluteUri.StartsWith(prefix, StringComparison.Ordinal) && address.AbsoluteUri[prefix.Length..] is "" or ['/' or '?', ..])
                return new Uri(at + (address.AbsoluteUri.Length == prefix.Length ? "/" : address.AbsoluteUri[prefix.Length..]));
        return new Uri(new Uri(visit.Source.Home), address.PathAndQuery);
    }

    /// <summary>Without its query, in which the site may have put an address of its own to come back to.</summary>
    private static string Target(Answer answer) => answer.Away?.GetLeftPart(UriPartial.Path) ?? "itself";

    private static bool IsInstaller(Answer answer) => answer.Page.Body.AsSpan().IndexOf("wp-admin/install.php"u8) >= 0;

    private static bool IsHtml(Answer answer) => answer.Page.MediaType.Contains("html", StringComparison.Ordinal);

    private static string Title(Answer answer) => WebUtility.HtmlDecode(TitleElement().Match(answer.Page.Text).Groups["title"].Value).Trim();

    private static bool IsJson(Fetched page)
    {
        try
        {
            using var document = JsonDocument.Parse(page.Body);
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            // Not being JSON is the answer to the question.
            return false;
        }
    }

    /// <summary>Bounded: a page may be made to have it looked for without end.</summary>
    [GeneratedRegex("<title[^<>]{0,500}>(?<title>.{0,2000}?)</title>", RegexOptions.Singleline | RegexOptions.IgnoreCase)]
    private static partial Regex TitleElement();

    [GeneratedRegex("""[\s"'<>]""")]
    private static partial Regex LineBreak();
}
