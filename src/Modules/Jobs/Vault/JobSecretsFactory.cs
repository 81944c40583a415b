using System.Buffers.Text;
using System.Security.Cryptography;
using CloneHub.Contracts;

namespace CloneHub.Jobs.Vault;

/// <summary>Makes what a new job has to keep to itself.</summary>
internal static class JobSecretsFactory
{
    /// <summary>18 random bytes: 24 characters that need no escaping in a URL, in SQL or in PHP.</summary>
    private const int PasswordBytes = 18;

    public static JobSecrets New(string sourceUsername, Secret sourcePassword, Secret? callbackUrl = null)
    {
        using var connectorKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var pkcs8 = connectorKey.ExportPkcs8PrivateKey();
        try
        {
            return new JobSecrets(sourceUsername, sourcePassword, NewPassword(), NewPassword(), new Secret(Convert.ToBase64String(pkcs8)), callbackUrl);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pkcs8);
        }
    }

    private static Secret NewPassword()
    {
        Span<byte> bytes = stackalloc byte[PasswordBytes];
        RandomNumberGenerator.Fill(bytes);
        var password = new Secret(Base64Url.EncodeToString(bytes));
        CryptographicOperations.ZeroMemory(bytes);
        return password;
    }
}
