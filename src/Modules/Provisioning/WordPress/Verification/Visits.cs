using System.Globalization;

namespace CloneHub.Provisioning.WordPress.Verification;

/// <summary>Addresses of one kind that are compared, and how many have been.</summary>
internal sealed class Visits(string kind, IReadOnlyList<string> urls, Func<Uri, CancellationToken, Task<Verdict>> visit)
{
    private int _compared;
    private int _missing;
    private int _awaited;

    internal int Compared => _compared;

    internal IEnumerable<Func<CancellationToken, Task>> Checks => urls.Select(url => (Func<CancellationToken, Task>)(token => VisitAsync(new Uri(url), token)));

    /// <summary>A check that compared nothing has found nothing out. What neither site has, or what comes later, cannot be compared, and is told.</summary>
    internal void RequireSome(Findings findings)
    {
        TellNotCompared(findings);
        if (_compared == 0 && urls.Count > _missing + _awaited) findings.Differ(string.Create(CultureInfo.InvariantCulture, $"none of {urls.Count} {kind} could be compared"));
    }

    internal void TellNotCompared(Findings findings)
    {
        if (_missing > 0) findings.Doubt(string.Create(CultureInfo.InvariantCulture, $"{_missing} {kind} that the source does not have either"));
        if (_awaited > 0) findings.Doubt(string.Create(CultureInfo.InvariantCulture, $"{_awaited} {kind} that are still to come"));
    }

    private async Task VisitAsync(Uri address, CancellationToken cancellation)
    {
        switch (await visit(address, cancellation))
        {
            case Verdict.Compared:
                Interlocked.Increment(ref _compared);
                break;
            case Verdict.MissingOnBoth:
                Interlocked.Increment(ref _missing);
                break;
            case Verdict.StillToCome:
                Interlocked.Increment(ref _awaited);
                break;
        }
    }
}
