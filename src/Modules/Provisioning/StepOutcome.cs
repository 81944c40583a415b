using System.Net.Sockets;
using CloneHub.Contracts;
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
        MySqlException { IsTransient: true } => Passing("The database server did not answer as it should."),
        HttpRequestException or SocketException => Passing("A connection failed."),
        IOException => Passing("A file or a connection could not be used."),
        TimeoutException or TaskCanceledException => Passing("An answer did not come in time."),
        // The text of an unknown exception may hold anything, so it goes to the log of this node and not to the caller.
        _ => new StepFault("INTERNAL", "The step failed for a reason that has no name yet.", "It is tried again; if it stays, report the job id.", Retryable: true),
    };

    private static StepFault Passing(string message) =>
        new("INTERNAL", message, "It is tried again; nothing needs to be done.", Retryable: true);
}
