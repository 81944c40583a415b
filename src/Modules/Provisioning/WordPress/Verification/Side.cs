using System.Globalization;
using System.Net;
using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress.Media;

namespace CloneHub.Provisioning.WordPress.Verification;

/// <summary>What a site answers in the end.</summary>
/// <param name="Away">Where a redirect leads that leaves the site; it is not followed.</param>
internal sealed record Answer(Fetched Page, Uri? Away)
{
    internal int Status => (int)Page.Status;

    /// <summary>The site gives nothing away about what is at the address: it is overloaded, broken, or does not let us in.</summary>
    internal bool IsSilent => Status is 401 or 403 or 407 or 408 or 425 or 429 or >= 500 or (>= 300 and < 400) && Away is null;

    internal bool IsGone => Status is 404 or 410;

    /// <summary>What the front door says of a clone's medium. A clone that says so of itself gains nothing: what was not compared is told.</summary>
    internal bool IsStillToCome => Page is { Status: HttpStatusCode.ServiceUnavailable, MediaType: "application/problem+json" } && Page.Text.Contains($"\"{MediaOnDemand.NotYet}\"", StringComparison.Ordinal);
}

/// <summary>One of the two sites that are compared.</summary>
/// <param name="name">"the clone" or "the source".</param>
/// <param name="isOwn">Whether a redirect to that address stays on the site.</param>
/// <param name="silent">Told when there is no answer.</param>
internal sealed class Side(string name, Func<Uri, CancellationToken, Task<Fetched>> fetch, Func<Uri, bool> isOwn, Action<string> silent)
{
    private const int Redirects = 5;

    /// <summary>Follows redirects that stay on the site. Null if there is no answer.</summary>
    internal async Task<Answer?> GetAsync(Uri address, CancellationToken cancellation)
    {
        try
        {
            return await FollowAsync(address, cancellation);
        }
        catch (Exception fault) when (IsNoAnswer(fault, cancellation))
        {
            silent($"{name} does not answer at {address.PathAndQuery}: {Why(fault)}");
            return null;
        }
    }

    /// <summary>Not the end of the visit, which only the caller's own cancellation is.</summary>
    internal static bool IsNoAnswer(Exception fault, CancellationToken cancellation) =>
        fault is HttpRequestException or IOException or StepFaultException || (fault is OperationCanceledException && !cancellation.IsCancellationRequested);

    internal static string Why(Exception fault) => fault is OperationCanceledException
        ? string.Create(CultureInfo.InvariantCulture, $"nothing within {SiteVerifier.Patience.TotalSeconds} s")
        : fault.Message.TrimEnd('.');

    private async Task<Answer> FollowAsync(Uri address, CancellationToken cancellation)
    {
        var page = await fetch(address, cancellation);
        for (var hop = 0; hop < Redirects && page.Location is { } location && page.Status is >= HttpStatusCode.Ambiguous and < HttpStatusCode.BadRequest; hop++)
        {
            var next = new Uri(address, location);
            if (!isOwn(next)) return new Answer(page, next);
            address = next;
            page = await fetch(address, cancellation);
        }

        return new Answer(page, null);
    }
}
