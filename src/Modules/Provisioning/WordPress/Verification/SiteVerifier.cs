using System.Collections.Concurrent;
using System.Globalization;
using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress.Import;

namespace CloneHub.Provisioning.WordPress.Verification;

/// <summary>What is compared with what.</summary>
/// <param name="CloneUrl">Public address of the clone's home page.</param>
/// <param name="SourceUrl">Address of the source's home page.</param>
/// <param name="Urls">Addresses the clone gave of itself; of pages and media a random choice is visited.</param>
/// <param name="Seed">Makes the choice repeatable.</param>
internal sealed record SiteVisit(Uri CloneUrl, Uri SourceUrl, CloneUrls Urls, string Username, Secret Password, int Seed);

/// <summary>How much was visited.</summary>
internal sealed record VisitReport(int Pages, int Menus, int Media);

/// <summary>
/// Visits a clone as its owner would: home, pages, menus, media, log-in, REST; and compares with the source. A clone that differs is not ready.
/// </summary>
/// <param name="clone">Reaches the clone by its public address; follows no redirects and keeps no cookies.</param>
/// <param name="source">Fetches from the source, redirects not followed.</param>
internal sealed class SiteVerifier(HttpMessageInvoker clone, Func<Uri, CancellationToken, Task<HttpResponseMessage>> source, TimeProvider clock)
{
    private const int PagesVisited = 10;
    private const int MediaVisited = 20;
    private const int AtOnce = 4;
    private const int DifferencesTold = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    internal async Task<VisitReport> VerifyAsync(SiteVisit visit, CancellationToken cancellation)
    {
        var differences = new ConcurrentQueue<string>();
        var chance = new Random(visit.Seed);
        var pages = Choose(Within(visit, visit.Urls.Pages.Select(page => page.Url)), PagesVisited, chance);
        var media = Choose(Within(visit, visit.Urls.Media), MediaVisited, chance);
        var menus = visit.Urls.Menus.Distinct(StringComparer.Ordinal).Where(url => IsWithin(visit.CloneUrl, url)).ToArray();
        var comparison = new Comparison(visit, FetchCloneAsync, FetchSourceAsync, differences.Enqueue);

        List<Func<CancellationToken, Task>> checks =
        [
            comparison.HomeAsync, comparison.RestAsync,
            token => new AdminVisit(visit, SendCloneAsync, differences.Enqueue).RunAsync(token),
            .. pages.Concat(menus).Distinct(StringComparer.Ordinal).Select(url => (Func<CancellationToken, Task>)(token => comparison.PageAsync(new Uri(url), token))),
            .. media.Select(url => (Func<CancellationToken, Task>)(token => comparison.MediaAsync(new Uri(url), token))),
        ];
        await Parallel.ForEachAsync(
            checks, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation },
            async (check, token) => await GuardAsync(check, differences.Enqueue, token));
        if (!differences.IsEmpty) throw Fault([.. differences]);
        return new VisitReport(pages.Length, menus.Length, media.Length);
    }

    /// <summary>A page that does not answer is a difference like any other; only the caller's own cancellation ends the visit.</summary>
    private static async Task GuardAsync(Func<CancellationToken, Task> check, Action<string> differs, CancellationToken cancellation)
    {
        try
        {
            await check(cancellation);
        }
        catch (HttpRequestException fault)
        {
            differs($"no answer: {fault.Message}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            differs(string.Create(CultureInfo.InvariantCulture, $"no answer within {Patience.TotalSeconds} s"));
        }
    }

    private Task<Fetched> FetchCloneAsync(Uri address, CancellationToken cancellation) =>
        SendCloneAsync(new HttpRequestMessage(HttpMethod.Get, address), cancellation);

    private async Task<Fetched> SendCloneAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(Patience, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        using (request)
        {
            using var answer = await clone.SendAsync(request, both.Token);
            return await Fetched.ReadAsync(answer, both.Token);
        }
    }

    private async Task<Fetched> FetchSourceAsync(Uri address, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(Patience, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        using var answer = await source(address, both.Token);
        return await Fetched.ReadAsync(answer, both.Token);
    }

    private static string[] Choose(IEnumerable<string> urls, int count, Random chance)
    {
        var all = urls.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        chance.Shuffle(all);
        return all[..Math.Min(count, all.Length)];
    }

    private static bool IsWithin(Uri site, string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme == site.Scheme && address.Authority == site.Authority;

    /// <summary>
    /// A clone runs code of strangers, which must not send us to other hosts. Leaving them out is no difference: plugins let a page stand for
    /// an address elsewhere.
    /// </summary>
    private static IEnumerable<string> Within(SiteVisit visit, IEnumerable<string> urls) => urls.Where(url => IsWithin(visit.CloneUrl, url));

    private static StepFaultException Fault(string[] differences)
    {
        var told = string.Join("; ", differences.Order(StringComparer.Ordinal).Take(DifferencesTold));
        var rest = differences.Length > DifferencesTold ? string.Create(CultureInfo.InvariantCulture, $" and {differences.Length - DifferencesTold} more") : "";
        return ImportFault.Verification($"The clone differs from its source: {told}{rest}.");
    }
}
