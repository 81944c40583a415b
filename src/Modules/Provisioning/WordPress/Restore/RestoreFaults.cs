using CloneHub.Contracts;

namespace CloneHub.Provisioning.WordPress.Restore;

/// <summary>Everything that can be wrong with bringing a clone's work back, in words for the owner of the site that gets it.</summary>
internal static class RestoreFaults
{
    private const int MostNamed = 10;
    private const string LetThrough = "It is tried again; see that the site answers and lets signed POST requests through.";

    public static StepFaultException Unsupported(string obstacles) => Final(
        "RESTORE_UNSUPPORTED", $"The site cannot be restored: {obstacles}.", "Put that right on the site, then request the restore again.");

    public static StepFaultException Busy() => Final(
        "TARGET_BUSY", "Another restore is at work on the site.", "Request this one again when the other one is over.");

    public static StepFaultException InUse() => Passing(
        "TARGET_IN_USE", "The site served pages without a pause, so nothing could be changed between two of them.", "It is tried again; a long-running task on the site may have to end first.");

    public static StepFaultException Refused(string why) => Passing(
        "SWAP_REFUSED", $"The site could not change its tables and files, and is as it was: {why}", "It is tried again; see the message.");

    public static StepFaultException Probe(string what) => Final(
        StepFault.RestoreBrokeSite, $"With the clone's content the site did not answer as it should, so it has its old content again: {what}",
        "See the site's PHP error log; a plugin or theme of the clone may lack something on this site.");

    public static StepFaultException Changed(IReadOnlyCollection<string> tables) => Final(
        StepFault.TargetChanged,
        $"The site changed after it was planned for, in {Named(tables)}. It is as it was.",
        "Request the restore again: the plan then tells what would be lost.");

    public static StepFaultException UndoOver(string why) => Final(
        StepFault.UndoOver, $"The site's old content is no longer there: {why}", "Restore a clone of before, or a backup.");

    /// <summary>A firewall's page and a site without a connector look alike, so that another try may find it.</summary>
    public static StepFaultException Gone() => Passing(
        "CHANNEL_BLOCKED", "The connector that holds what was staged is no longer on the site, or nobody gets through to it.", LetThrough);

    /// <summary>As <see cref="Gone"/>: only the connector itself can say that the old content is no longer there.</summary>
    public static StepFaultException Away() => Passing(
        "CHANNEL_BLOCKED", "The connector that keeps the site's old content is no longer on the site, or nobody gets through to it.", LetThrough);

    public static StepFaultException Files(int count, string first) => Passing(
        "VERIFY_FAILED", $"{count} files did not arrive on the site as they were sent, among them {first}.", "It is tried again.");

    /// <summary>The first of them, and how many there are beside.</summary>
    public static string Named(IReadOnlyCollection<string> tables) =>
        string.Join(", ", tables.Take(MostNamed)) + (tables.Count > MostNamed ? $", and {tables.Count - MostNamed} more" : "");

    private static StepFaultException Final(string code, string message, string hint) => new(new StepFault(code, message, hint, Retryable: false));

    private static StepFaultException Passing(string code, string message, string hint) => new(new StepFault(code, message, hint, Retryable: true));
}
