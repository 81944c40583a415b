using System.Net.Sockets;
using System.Net.WebSockets;
using CloneHub.Contracts;
using CloneHub.Provisioning.Kubernetes;
using CloneHub.Provisioning.WordPress.Import;
using k8s.Autorest;
using MySqlConnector;

namespace CloneHub.Provisioning;

/// <summary>How an attempt ended.</summary>
internal enum StepOutcome
{
    Done,
    Failed,

    /// <summary>Stopped by its job or by the shutdown of this node; nobody waits for a report.</summary>
    Cancelled,

    /// <summary>A newer attempt holds the job; a report would only be a late answer.</summary>
    Overtaken,
}

/// <summary>Gives every exception a step can end with the fault its job is told.</summary>
internal static class StepFaults
{
    private const int Longest = 1_000;

    /// <summary>Messages may quote what a source said, and a job's log keeps them for ever: none is longer than 1,000 characters.</summary>
    public static StepFault Of(Exception cause)
    {
        var fault = Named(cause);
        return fault with { Message = Cut(fault.Message), Hint = Cut(fault.Hint) };
    }

    private static string Cut(string text) => text.Length <= Longest ? text : text[..(Longest - 1)] + "…";

    private static StepFault Named(Exception cause) => cause switch
    {
        StepFaultException named => named.Fault,
        MySqlException database when MariaDbFaults.IsDiskFull(database) => DiskFull,
        MySqlException database when MariaDbFaults.IsAway(database) => new StepFault(
            StepFault.BackendUnavailable, "The database server of the clones did not answer.", "It is tried again for some minutes; nothing needs to be done.", Retryable: true),
        MySqlException => Passing("The database server refused what it was asked for."),
        ClusterAwayException => ClusterFaults.Away,
        HttpOperationException refused => ClusterFaults.Of(refused),
        WebSocketException refused => ClusterFaults.Of(refused),
        HttpRequestException or SocketException => Passing("A connection failed."),
        IOException full when FileImport.IsDiskFull(full) => ImportFault.DiskFull(full).Fault,
        IOException => Passing("A file or a connection could not be used."),
        TimeoutException or TaskCanceledException => Passing("An answer did not come in time."),
        // The text of an unknown exception may hold anything, so it goes to the log of this node and not to the caller.
        _ => new StepFault("INTERNAL", "The step failed for a reason that has no name yet.", "It is tried again; if it stays, report the job id.", Retryable: true),
    };

    public static StepFault DiskFull { get; } = new(
        "DISK_FULL", "There is no room left for the clone.", "Remove clones that are no longer needed, then try again.", Retryable: true);

    private static StepFault Passing(string message) =>
        new("INTERNAL", message, "It is tried again; nothing needs to be done.", Retryable: true);
}
