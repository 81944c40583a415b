using System.Globalization;
using CloneHub.Provisioning.WordPress.Import;

namespace CloneHub.Provisioning.WordPress.PublicSite;

/// <summary>Reads collections of a site's API from the first item to the last, and holds what came against what the site counted.</summary>
internal sealed class CollectionReader(PublicApi api, ImportWarnings warnings, ImportProgress progress, Func<CancellationToken, Task> ensureFence)
{
    internal const int MostItems = 100_000;
    internal const int MostMedia = 50_000;
    internal const string Posts = "wp/v2/posts";
    internal const string Pages = "wp/v2/pages";
    internal const string Media = "wp/v2/media";

    /// <summary>
    /// A site that is written to meanwhile may shift items from one page to another: then the collection is read again. Items that are counted
    /// and not shown belong to unpublished content and are no fault, but every post and page that is counted has to come.
    /// </summary>
    /// <exception cref="StepFaultException">PUBLIC_SITE_TOO_LARGE; of media the first are taken instead.</exception>
    /// <param name="clear">Takes back what an earlier reading wrote.</param>
    /// <returns>How many items came.</returns>
    internal async Task<int> ReadAsync(
        string route, string query, string what, Func<Task> clear, Func<IReadOnlyList<RestItem>, Task> write, CancellationToken cancellation)
    {
        var most = route == Media ? MostMedia : MostItems;
        for (var attempt = 1; ; attempt++)
        {
            var seen = new HashSet<long>();
            int? first = null;
            int? last = null;
            await ensureFence(cancellation);
            await clear();
            await foreach (var page in api.ReadAsync(route, query, cancellation))
            {
                first ??= page.Total;
                last = page.Total;
                if (route != Media && page.Total > most) throw TooMany(what, most);
                await write([.. page.Items.Where(item => item.Id > 0 && seen.Count < most && seen.Add(item.Id))]);
                progress.Advance(page.Items.Count, $"Copying {what}", seen.Count, page.Total ?? seen.Count);
                if (seen.Count < most || page.Total == most) continue;
                if (route != Media) throw TooMany(what, most);
                warnings.Add(string.Create(CultureInfo.InvariantCulture, $"Of the media library the first {most:N0} were copied."));
                return seen.Count;
            }

            if (last is null || (first == last && seen.Count == last)) return seen.Count;
            if (attempt == 1) continue;
            if (route is Posts or Pages) throw Moving(what, last.Value, seen.Count);
            if (seen.Count < last)
                warnings.Add(string.Create(CultureInfo.InvariantCulture, $"The site counts {last:N0} {what} and shows {seen.Count:N0}; the others belong to content that is not public."));
            return seen.Count;
        }
    }

    /// <summary>A part without which the rest is still a clone: where the site does not show it, that is told.</summary>
    internal async Task TryAsync(string what, Func<Task> read)
    {
        try
        {
            await read();
        }
        catch (StepFaultException fault) when (PublicFaults.IsOfOnePart(fault))
        {
            warnings.Add($"The site does not publish its {what}, so the clone has none of them: {fault.Fault.Message}");
        }
    }

    private static StepFaultException TooMany(string what, int most) =>
        PublicFaults.SiteTooLarge(string.Create(CultureInfo.InvariantCulture, $"more than {most:N0} {what}"));

    private static StepFaultException Moving(string what, int counted, int shown) => ImportFault.Verification(
        string.Create(CultureInfo.InvariantCulture, $"The site counts {counted} {what} and shows {shown}, and went on doing so when it was asked again."));
}
