using System.Security.Cryptography;
using System.Text;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.Vault;

namespace CloneHub.Jobs;

/// <summary>
/// Tells whether two requests ask for the same. It covers the password, so it is a keyed hash: without the master key nothing can be
/// guessed from it, and the log may hold it.
/// </summary>
internal sealed class RequestFingerprint(MasterKeys keys)
{
    private const string Purpose = "clonehub/request-fingerprint/v1";

    public string Of(IJobDemand request) => Of(request, keys.NewestVersion);

    /// <summary>Also true for a fingerprint made before a rotation of the master key.</summary>
    public bool Matches(IJobDemand request, string fingerprint) =>
        keys.Versions.Any(version => string.Equals(Of(request, version), fingerprint, StringComparison.Ordinal));

    private string Of(IJobDemand request, uint version)
    {
        var key = keys.Derive(version, Purpose);
        var text = Encoding.UTF8.GetBytes(string.Join('\0', request.Parts));
        try
        {
            return Convert.ToHexStringLower(HMACSHA256.HashData(key, text));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
            CryptographicOperations.ZeroMemory(text);
        }
    }
}
