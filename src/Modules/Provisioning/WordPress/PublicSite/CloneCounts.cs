using System.Globalization;
using CloneHub.Provisioning.WordPress.Import;

namespace CloneHub.Provisioning.WordPress.PublicSite;

/// <summary>Asks the clone's own API how much it shows: rows that WordPress does not take for content would be an empty site with a full database.</summary>
internal sealed class CloneCounts(CloneDoor clone, ContentTables tables, CloneTarget target)
{
    private static readonly (string Route, string Table, string Where)[] Collections =
    [
        ("posts", "posts", "post_type = 'post'"), ("pages", "posts", "post_type = 'page'"), ("media", "posts", "post_type = 'attachment'"),
        ("categories", "term_taxonomy", "taxonomy = 'category'"), ("tags", "term_taxonomy", "taxonomy = 'post_tag'"),
    ];

    internal async Task VerifyAsync(CancellationToken cancellation)
    {
        foreach (var (route, table, where) in Collections)
        {
            var written = await tables.CountAsync(table, where);
            var shown = await ShownAsync(route, cancellation);
            if (shown != written) throw ImportFault.Verification(string.Create(CultureInfo.InvariantCulture, $"The clone shows {shown} of {written} {route}."));
        }
    }

    private async Task<long?> ShownAsync(string route, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{target.PublicAddress}/?rest_route=/wp/v2/{route}&per_page=1&_fields=id"));
        using var answer = await clone(request, cancellation);
        await answer.Content.CopyToAsync(Stream.Null, cancellation);
        return answer.IsSuccessStatusCode && answer.Headers.TryGetValues("X-WP-Total", out var values)
            && long.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var total) ? total : null;
    }
}
