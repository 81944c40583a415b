using System.Net.Sockets;
using Npgsql;

namespace CloneHub.Jobs.Archive;

/// <summary>How the client of PostgreSQL, by itself or below Marten, says that it got no answer.</summary>
internal static class PostgreSqlTrouble
{
    /// <summary>A connection that breaks while it is used may say so, or that it is not open. What other clients say, of a site for instance, has a socket's trouble below it too.</summary>
    public static bool Is(Exception e) =>
        e is NpgsqlException or TimeoutException or SocketException or InvalidOperationException { Source: "Npgsql" } || e.InnerException is NpgsqlException;
}
