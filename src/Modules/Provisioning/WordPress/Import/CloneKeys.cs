using System.Security.Cryptography;
using CloneHub.Contracts;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>What a clone's configuration has to hold of its job's secrets, and all that an importer is told of them.</summary>
/// <param name="PublicKey">SubjectPublicKeyInfo, DER, base 64: the clone's plugin obeys whoever has the other half.</param>
internal sealed record CloneKeys(Secret DatabasePassword, string PublicKey)
{
    internal static CloneKeys Of(JobSecrets secrets)
    {
        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(Convert.FromBase64String(secrets.ConnectorKey.Reveal()), out _);
        return new CloneKeys(secrets.DatabasePassword, Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()));
    }
}
