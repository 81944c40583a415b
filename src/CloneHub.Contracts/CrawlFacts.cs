namespace CloneHub.Contracts;

/// <summary>What a clone and its source answered when both were crawled, once the clone served.</summary>
/// <param name="Pages">Pages that answered alike: status, redirects, title.</param>
/// <param name="Links">Links of menus, likewise.</param>
/// <param name="Media">Media files that are the source's, byte by byte.</param>
/// <param name="Assets">Pictures, styles and scripts that those pages need and the clone has.</param>
/// <param name="Differences">What is not as at the source, in plain words; <see cref="MostTold"/> at most, and then how many more.</param>
/// <param name="NotCompared">What could not be seen, likewise: the source did not answer, or time was short.</param>
public sealed record CrawlFacts(int Pages, int Links, int Media, int Assets, IReadOnlyList<string> Differences, IReadOnlyList<string> NotCompared)
{
    public const int MostTold = 20;
}
