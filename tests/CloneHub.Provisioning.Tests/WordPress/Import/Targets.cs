using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress.Import;
using MySqlConnector;

namespace CloneHub.Provisioning.Tests.WordPress.Import;

/// <summary>Clones to import into.</summary>
internal static class Targets
{
    internal static CloneTarget Database(string connectionString) => Folder(new DirectoryInfo("/nonexistent"), connectionString);

    internal static CloneTarget Folder(DirectoryInfo folder, string connectionString = "Server=localhost;Database=none", DirectoryInfo? coreStore = null, FileOwner? owner = null)
    {
        var builder = new MySqlConnectionStringBuilder(connectionString);
        return new CloneTarget(
            JobId.FromBytes(Guid.NewGuid().ToByteArray()), connectionString, $"localhost:{builder.Server}", builder.Database, builder.UserID,
            new DirectoryInfo(Path.Combine(folder.FullName, "root")), new DirectoryInfo(Path.Combine(folder.FullName, "state")), coreStore,
            new Uri("http://job-x.localhost:5080/"), owner);
    }
}
