using System.Security.Cryptography;
using System.Text;
using CloneHub.Contracts;
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

    public string Of(CloneRequest request) => Of(request, keys.NewestVersion);

    /// <summary>Also true for a fingerprint made before a rotation of the master key.</summary>
    public bool Matches(CloneRequest request, string fingerprint) =>
        keys.Versions.Any(version => string.Equals(Of(request, version), fingerprint, StringComparison.Ordinal));

    private string Of(CloneRequest request, uint version)
    {
        var key = keys.Derive(version, Purpose);

        // What was added later counts only where it is asked for, so that requests from before it keep their fingerprint.
        string[] parts =
        [
            request.SourceUrl.AbsoluteUri, request.Username, request.Password.Reveal(), request.CustomerId ?? "", $"{request.Ttl.TotalSeconds:0}",
            .. request.Replaces ? (string[])["replace"] : [],
            .. request.Priority is JobPriority.Bulk ? (string[])["bulk"] : [],
            .. request.ByHand ? (string[])["by_hand"] : [],
            .. request.CallbackUrl is { } callback ? (string[])[$"callback_url={callback.Reveal()}"] : [],
        ];
        var text = Encoding.UTF8.GetBytes(string.Join('\0', parts));
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
