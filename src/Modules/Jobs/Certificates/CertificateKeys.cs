using System.Buffers.Text;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using CloneHub.Jobs.Vault;

namespace CloneHub.Jobs.Certificates;

/// <summary>
/// The keys that certificates are signed with: one on P-256 for each master key, derived from it, so that it is stored nowhere and all
/// nodes have the same. A certificate is signed with the newest; those signed before a rotation verify as long as the old master key is in its file.
/// </summary>
internal sealed class CertificateKeys(MasterKeys masterKeys)
{
    private const string Purpose = "clonehub/certificate/v1";

    /// <summary>n of P-256, FIPS 186-5 and SP 800-186, 3.2.1.3.</summary>
    private static readonly BigInteger Order = BigInteger.Parse("0ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    /// <summary>The newest first.</summary>
    public IReadOnlyList<PublicKeyBody> PublicKeys => [.. masterKeys.Versions.OrderDescending().Select(version =>
    {
        using var key = KeyOf(version);
        return PublicKeyBody.Of(key);
    })];

    /// <summary>A JSON Web Signature in its compact form, RFC 7515, by ES256.</summary>
    public string Sign(ReadOnlySpan<byte> payload)
    {
        using var key = KeyOf(masterKeys.NewestVersion);
        var header = $$"""{"alg":"ES256","kid":"{{PublicKeyBody.Of(key).Kid}}"}""";
        var signed = $"{Base64Url.EncodeToString(Encoding.ASCII.GetBytes(header))}.{Base64Url.EncodeToString(payload)}";
        return $"{signed}.{Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256))}";
    }

    /// <summary>FIPS 186-5, A.2.1: a random number of many bits more than n, modulo n - 1, plus 1.</summary>
    private ECDsa KeyOf(uint version)
    {
        byte[] random = [.. masterKeys.Derive(version, Purpose + "/1"), .. masterKeys.Derive(version, Purpose + "/2")];
        var number = (new BigInteger(random, isUnsigned: true, isBigEndian: true) % (Order - 1)) + 1;
        CryptographicOperations.ZeroMemory(random);
        var secret = new byte[32];
        var digits = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        digits.CopyTo(secret, secret.Length - digits.Length);
        CryptographicOperations.ZeroMemory(digits);
        try
        {
            return ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = secret });
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }
}
