namespace CloneHub.Dev.Servers;

/// <summary>A MariaDB or MySQL that sites may have their databases on.</summary>
/// <param name="ConnectionString">Of its administrator, through the unix socket.</param>
public sealed record DatabaseServer(string ConnectionString, string Socket);
