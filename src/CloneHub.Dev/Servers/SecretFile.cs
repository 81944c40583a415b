using System.Security.Cryptography;
using CloneHub.Dev.Processes;

namespace CloneHub.Dev.Servers;

/// <summary>A generated secret that only its owner can read.</summary>
internal static class SecretFile
{
    public static async Task<string> ReadOrCreateAsync(string path, CancellationToken ct)
    {
        if (!File.Exists(path))
            await Account.Self.WriteSecretAsync(path, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), ct);
        return await File.ReadAllTextAsync(path, ct);
    }
}
