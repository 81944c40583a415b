using MySqlConnector;

namespace CloneHub.Provisioning.Local;

/// <summary>The MariaDB of the clones, as its administrator sees it.</summary>
internal sealed class CloneServer(MySqlConnectionStringBuilder address) : IAsyncDisposable
{
    private readonly MySqlDataSource _admin = new(WithProtocol(address).ConnectionString);

    public bool OverSocket => address.Server.StartsWith('/');

    /// <summary>DB_HOST for a clone's wp-config.php.</summary>
    public string HostForPhp => OverSocket ? $"localhost:{address.Server}" : $"{address.Server}:{address.Port}";

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
