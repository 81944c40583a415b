using System.Runtime.Versioning;
using System.Security.Cryptography;
using CloneHub.Contracts;
using CloneHub.Jobs.Vault;

// File modes, signals and private servers are Unix.
[assembly: UnsupportedOSPlatform("windows")]

namespace CloneHub.Jobs.Tests.Vault;

/// <summary>A folder for key files, and secrets that are easy to find where they must not be.</summary>
public abstract class VaultWorld : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("clonehub-vault-");

    internal static JobSecrets Secrets { get; } = new(
        "marker-user", new Secret("marker-source-\u00e4\"\\\u2603"), new Secret("marker-clone"), new Secret("marker-database"), new Secret("marker-key"));

    internal string PathOf(string name) => Path.Combine(_folder.FullName, name);

    internal MasterKeys Keys(params string[] lines) => MasterKeys.LoadOrCreate(Write(lines));

    internal static string Line(int version) => $"{version}:{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}";

    internal string Write(params string[] lines)
    {
        var path = PathOf($"master-{Guid.NewGuid():N}.key");
        File.WriteAllLines(path, lines);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }

    public void Dispose()
    {
        _folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }
}
