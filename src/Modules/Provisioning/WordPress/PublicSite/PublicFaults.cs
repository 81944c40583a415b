using CloneHub.Contracts;

namespace CloneHub.Provisioning.WordPress.PublicSite;

/// <summary>Why a site cannot be cloned from what it publishes.</summary>
internal static class PublicFaults
{
    private const string Closed = "PUBLIC_API_CLOSED";
    private const string Robots = "ROBOTS_DISALLOW";
    private const string Large = "SOURCE_ANSWER_TOO_LARGE";
    private const string Fails = "SOURCE_SERVER_ERROR";
    private const string WithCredentials = "Send source_username and source_password of an administrator: then the site is copied without its public REST API.";

    internal static StepFaultException ApiClosed(string why) => Final(
        Closed, $"The site is a WordPress, but its public REST API cannot be read: {why}", WithCredentials);

    internal static StepFaultException RobotsDisallow(Uri address) => Final(
        Robots, $"The site's robots.txt does not let CloneHub read {address.AbsolutePath}.",
        "Let the site's owner allow the user agent CloneHub there, or send source_username and source_password of an administrator.");

    internal static StepFaultException Empty() => Final(
        "PUBLIC_SITE_EMPTY", "The site publishes neither posts nor pages by its REST API, so there is nothing to clone.", WithCredentials);

    internal static StepFaultException SiteTooLarge(string what) => Final(
        "PUBLIC_SITE_TOO_LARGE", $"The site publishes more than a clone without credentials holds: {what}.", WithCredentials);

    internal static StepFaultException RateLimited(string why) => new(new StepFault(
        "SOURCE_RATE_LIMITED", $"The source site asks to be left alone for now: {why}",
        "Request the clone again later, or let the site's owner lift the limit for the user agent CloneHub.", Retryable: true));

    internal static StepFaultException TooLarge(Uri address) => Final(Large, $"{address.AbsolutePath} answers with more than 32 MB.", WithCredentials);

    internal static StepFaultException ServerFails(Uri address, int status) => SourceFaults.ServerFails(address.AbsolutePath, status);

    internal static StepFaultException TooSlow(Uri address, TimeSpan longest) => new(new StepFault(
        Fails, $"The source site needs more than {longest.TotalMinutes:0} minutes to answer {address.AbsolutePath}.", "See whether the site is overloaded.", Retryable: true));

    /// <summary>A smaller part of the same may come all the same.</summary>
    internal static bool IsTooMuch(StepFaultException fault) => fault.Fault.Code is Large or Fails;

    /// <summary>Faults that concern one part of a site, without which the rest may still be cloned.</summary>
    internal static bool IsOfOnePart(StepFaultException fault) => fault.Fault.Code is Closed or Robots or Large or Fails;

    private static StepFaultException Final(string code, string message, string hint) => new(new StepFault(code, message, hint, Retryable: false));
}
