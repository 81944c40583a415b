using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CloneHub.Contracts;
using CloneHub.Jobs.Vault;

namespace CloneHub.Jobs.Callbacks;

/// <summary>
/// Signs calls by the scheme of Standard Webhooks. A tenant's secret is derived from the master key, so it is stored nowhere. While the
/// key file holds several keys a call bears a signature by each, so that a receiver may take the new secret when it likes.
/// </summary>
internal sealed class CallbackSigner(MasterKeys keys)
{
    private const string Purpose = "clonehub/webhook/v1";

    /// <summary>What the tenant verifies with: whsec_ and 32 bytes in base 64.</summary>
    public Secret SecretOf(string tenant)
    {
        var key = KeyOf(keys.NewestVersion, tenant);
        var text = new Secret("whsec_" + Convert.ToBase64String(key));
        CryptographicOperations.ZeroMemory(key);
        return text;
    }

    /// <summary>The header webhook-signature: one signature, or several divided by spaces.</summary>
    /// <param name="timestamp">Seconds since 1970, as in the header webhook-timestamp.</param>
    public string Sign(string tenant, string id, long timestamp, ReadOnlySpan<byte> body)
    {
        var signatures = new List<string>();
        foreach (var version in keys.Versions)
        {
            var key = KeyOf(version, tenant);
            signatures.Add(Signature(key, id, timestamp, body));
            CryptographicOperations.ZeroMemory(key);
        }

        return string.Join(' ', signatures);
    }

    public static string Signature(ReadOnlySpan<byte> key, string id, long timestamp, ReadOnlySpan<byte> body)
    {
        byte[] signed = [.. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp}.")), .. body];
        return "v1," + Convert.ToBase64String(HMACSHA256.HashData(key, signed));
    }

    private byte[] KeyOf(uint version, string tenant) => keys.Derive(version, $"{Purpose}\0{tenant}");
}
