using System.Net.Sockets;
using MySqlConnector;

namespace CloneHub.Provisioning;

/// <summary>Tells what the clones' MariaDB lacks from what it was asked: the first is CloneHub's trouble, the second its client's.</summary>
internal static class MariaDbFaults
{
    /// <summary>MariaDB names the system's error in its text only.</summary>
    private static readonly string[] NoSpace = ["No space left", "errno: 28", "Errcode: 28", "Got error 28 "];

    /// <summary>MariaDB's own number for a connection that its shutdown ended.</summary>
    private const MySqlErrorCode ConnectionKilled = (MySqlErrorCode)1927;

    public static bool IsOurs(MySqlException fault) => IsAway(fault) || IsDiskFull(fault);

    /// <summary>It does not answer, or ends while it does.</summary>
    public static bool IsAway(MySqlException fault) =>
        fault.IsTransient || IsCut(fault.InnerException) || fault.ErrorCode is
            MySqlErrorCode.UnableToConnectToHost or MySqlErrorCode.ServerShutdown or MySqlErrorCode.NormalShutdown
            or MySqlErrorCode.CommandTimeoutExpired or MySqlErrorCode.QueryInterrupted or ConnectionKilled;

    public static bool IsDiskFull(MySqlException fault) =>
        fault.ErrorCode is MySqlErrorCode.DiskFull or MySqlErrorCode.RecordFileFull || NoSpace.Any(text => fault.Message.Contains(text, StringComparison.Ordinal));

    private static bool IsCut(Exception? cause) => cause is IOException or SocketException || (cause is not null && IsCut(cause.InnerException));
}
