using MySqlConnector;

namespace CloneHub.Provisioning.Database;

/// <summary>The MariaDB of the clones, as its administrator sees it.</summary>
/// <param name="clientHost">Where the clones' own users connect from, as MariaDB writes it; null if that is this machine.</param>
internal sealed class CloneServer(MySqlConnectionStringBuilder address, string? clientHost = null) : IAsyncDisposable
{
    private readonly MySqlDataSource _admin = new(WithProtocol(address).ConnectionString);

    public bool OverSocket => address.Server.StartsWith('/');

    /// <summary>Hosts of the clones' users. Over TCP a loopback client may be seen as "localhost" (its name) or by its address, depending on skip_name_resolve.</summary>
    public IReadOnlyList<string> ClientHosts { get; } =
        clientHost is not null ? [clientHost] : address.Server.StartsWith('/') ? ["localhost"] : ["localhost", "%"];

    /// <summary>DB_HOST for a clone's wp-config.php.</summary>
    public string HostForPhp => OverSocket ? $"localhost:{address.Server}" : $"{address.Server}:{address.Port}";

    /// <summary>Whether a text is a connection string that names a server. It may hold a password, so the answer is only yes or no.</summary>
    public static bool IsAddress(string connectionString)
    {
        try
        {
            return new MySqlConnectionStringBuilder(connectionString).Server.Length > 0;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    public ValueTask<MySqlConnection> OpenAsync(CancellationToken cancellation) => _admin.OpenConnectionAsync(cancellation);

    /// <summary>The same server for one user and one database.</summary>
    public string ConnectionStringFor(string user, string password, string database) => new MySqlConnectionStringBuilder(WithProtocol(address).ConnectionString)
    {
        UserID = user,
        Password = password,
        Database = database,
        AllowLoadLocalInfile = true,
        AllowUserVariables = true,
    }.ConnectionString;

    // A server that is a path can only be a unix socket; the client wants to be told.
    private static MySqlConnectionStringBuilder WithProtocol(MySqlConnectionStringBuilder address)
    {
        if (address.Server.StartsWith('/')) address.ConnectionProtocol = MySqlConnectionProtocol.UnixSocket;
        return address;
    }

    public ValueTask DisposeAsync() => _admin.DisposeAsync();
}
