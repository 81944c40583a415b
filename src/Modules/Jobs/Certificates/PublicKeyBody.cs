using System.Buffers.Text;
using System.ComponentModel;
using System.Security.Cryptography;
using System.Text;

namespace CloneHub.Jobs.Certificates;

/// <summary>Keys that certificates verify with, as RFC 7517 has them.</summary>
internal sealed record PublicKeysBody(
    [property: Description("The newest first. A certificate names its key in the kid of its signature's header.")] IReadOnlyList<PublicKeyBody> Keys);

/// <summary>A public key on P-256 for ES256.</summary>
/// <param name="Kid">The key's own fingerprint, RFC 7638.</param>
internal sealed record PublicKeyBody(string Kty, string Crv, string Use, string Alg, string Kid, string X, string Y)
{
    public static PublicKeyBody Of(ECDsa key)
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        var (x, y) = (Base64Url.EncodeToString(point.X), Base64Url.EncodeToString(point.Y));
        return new PublicKeyBody("EC", "P-256", "sig", "ES256", Fingerprint(x, y), x, y);
    }

    /// <summary>Null if the parts are no point of the curve.</summary>
    public ECDsa? ToKey()
    {
        try
        {
            var point = new ECPoint { X = Base64Url.DecodeFromChars(X), Y = Base64Url.DecodeFromChars(Y) };
            return ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = point });
        }
        catch (Exception e) when (e is CryptographicException or FormatException or ArgumentException)
        {
            return null;
        }
    }

    private static string Fingerprint(string x, string y) =>
        Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes($$"""{"crv":"P-256","kty":"EC","x":"{{x}}","y":"{{y}}"}""")));
}
