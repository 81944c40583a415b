using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace CloneHub.Provisioning.WordPress.PublicSite;

/// <summary>Items of one request.</summary>
/// <param name="Total">How many the site says there are in all; null where it does not.</param>
internal sealed record RestPage(IReadOnlyList<RestItem> Items, int? Total);

/// <summary>The public REST API of a site.</summary>
internal sealed class PublicApi(PublicHttp http, Uri root)
{
    private readonly string _root = root.Query.Length > 0 || root.AbsoluteUri.EndsWith('/') ? root.AbsoluteUri : root.AbsoluteUri + "/";

    /// <summary>As many places without an item in a row are the end, whatever the site counts.</summary>
    private const int MostEmptyPlaces = 300;

    private int _items;
    private long _bytes;

    /// <summary>What one visit reads, all collections and repetitions together: a site can make answers without end.</summary>
    internal int MostItems { get; init; } = 500_000;

    internal long MostBytes { get; init; } = 4L << 30;

    /// <summary>Items asked for at once: fewer where the site cannot make, or we would not keep, so large an answer.</summary>
    private static readonly int[] PageSizes = [100, 20, 5, 1];

    /// <summary>
    /// All items of a collection by rising id, a page at a time. By offset, so that the size of a page may change on the way; some items
    /// may be counted and not shown, which makes a page shorter.
    /// </summary>
    /// <exception cref="StepFaultException">
    /// PUBLIC_API_CLOSED where the site does not show the collection; PUBLIC_SITE_TOO_LARGE where it shows more than a visit reads.
    /// </exception>
    internal async IAsyncEnumerable<RestPage> ReadAsync(string route, string query, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var size = 0;
        var empty = 0;
        for (var offset = 0; ;)
        {
            RestPage page;
            try
            {
                page = await PageAsync(route, $"orderby=id&order=asc&per_page={PageSizes[size]}&offset={offset}&{query}", cancellation);
            }
            catch (StepFaultException fault) when (PublicFaults.IsTooMuch(fault) && size < PageSizes.Length - 1)
            {
                size++;
                continue;
            }

            yield return page;
            offset += PageSizes[size];
            empty = page.Items.Count > 0 ? 0 : empty + PageSizes[size];
            if (empty >= MostEmptyPlaces) yield break;
            if (page.Total is { } total ? offset >= total : page.Items.Count == 0) yield break;
        }
    }

    /// <summary>One page of a collection.</summary>
    internal async Task<RestPage> PageAsync(string route, string query, CancellationToken cancellation)
    {
        var (answer, json) = await AskAsync(route, query, JsonValueKind.Array, cancellation);
        var items = json.EnumerateArray().Take(PageSizes[0]).Select(item => new RestItem(item)).ToList();
        if ((_items += items.Count) > MostItems) throw PublicFaults.SiteTooLarge(string.Create(CultureInfo.InvariantCulture, $"more than {MostItems:N0} items"));
        if ((_bytes += answer.Body.Length) > MostBytes) throw PublicFaults.SiteTooLarge(string.Create(CultureInfo.InvariantCulture, $"more than {MostBytes >> 20:N0} MB of text"));
        return new RestPage(items, answer.Number("X-WP-Total"));
    }

    /// <summary>A document that is no collection.</summary>
    internal async Task<RestItem> ObjectAsync(string route, CancellationToken cancellation) =>
        new((await AskAsync(route, "", JsonValueKind.Object, cancellation)).Json);

    /// <summary>Asks twice where the first answer is not what is due: a cache or a wall may have been in between.</summary>
    private async Task<(PublicAnswer Answer, JsonElement Json)> AskAsync(string route, string query, JsonValueKind kind, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            var answer = await http.GetAsync(AddressOf(route, query), cancellation);

            // A page that the site's memory or time does not suffice for comes as an error of the server.
            if ((int)answer.Status >= 500) throw PublicFaults.ServerFails(answer.Address, (int)answer.Status);
            var json = RestDocument.Parse(answer.Body);
            if (answer.Status == HttpStatusCode.OK && json?.ValueKind == kind) return (answer, json.Value);
            if (answer.Status == HttpStatusCode.OK && attempt == 1) continue;
            throw PublicFaults.ApiClosed($"{route} answers {(int)answer.Status} {(json is { } document ? CodeOf(document) : "with no JSON")}.");
        }
    }

    /// <summary>A parameter that no cache has seen makes every answer a fresh one.</summary>
    private Uri AddressOf(string route, string query)
    {
        var nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));
        var separator = root.Query.Length > 0 ? '&' : '?';
        return new Uri(string.Create(CultureInfo.InvariantCulture, $"{_root}{route}{separator}{query}&_clonehub={nonce}"));
    }

    private static string CodeOf(JsonElement json) => new RestItem(json).Text("code") is { Length: > 0 and < 60 } code ? $"({code})" : "with something else";
}
