using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using CloneHub.Contracts;

namespace CloneHub.Jobs.Vault;

/// <summary>
/// Envelope encryption: the secrets under a random key of the job's own, that key under a master key, both by AES-256-GCM with the job's
/// id as associated data, so that neither part opens under another job.
/// Format 1: <c>1 | key version (4, big endian) | envelope of the job's key | envelope of the JSON</c>;
/// an envelope is <c>nonce (12) | tag (16) | cipher text</c>.
/// </summary>
internal sealed class SecretSealer(MasterKeys masterKeys)
{
    private const byte Format = 1;
    private const int KeyBytes = 32;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int CipherAt = NonceBytes + TagBytes;
    private const int KeyAt = 1 + sizeof(uint);
    private const int TextAt = KeyAt + CipherAt + KeyBytes;
    private const string KeyPurpose = "clonehub/wrap-data-key/v1";
    private const string TextPurpose = "clonehub/job-secrets/v1";

    public SealedSecrets Seal(JobId job, JobSecrets secrets)
    {
        var version = masterKeys.NewestVersion;
        var wrappingKey = masterKeys.Derive(version, KeyPurpose);
        var dataKey = RandomNumberGenerator.GetBytes(KeyBytes);
        var text = JobSecretsJson.Write(secrets);
        try
        {
            var blob = new byte[TextAt + CipherAt + text.Length];
            blob[0] = Format;
            BinaryPrimitives.WriteUInt32BigEndian(blob.AsSpan(1), version);
            Encrypt(wrappingKey, dataKey, blob.AsSpan(KeyAt..TextAt), AssociatedData(KeyPurpose, job, version));
            Encrypt(dataKey, text, blob.AsSpan(TextAt..), AssociatedData(TextPurpose, job, version));
            return new SealedSecrets(blob);
        }
        finally
        {
            Erase(wrappingKey, dataKey, text);
        }
    }

    public JobSecrets Open(JobId job, SealedSecrets secrets)
    {
        var blob = secrets.Blob.AsSpan();
        if (blob.Length <= TextAt + CipherAt || blob[0] != Format)
            throw new SecretsUnreadableException($"{job}: the sealed secrets have an unknown format.");

        var version = BinaryPrimitives.ReadUInt32BigEndian(blob[1..]);
        var wrappingKey = masterKeys.Derive(version, KeyPurpose);
        var dataKey = new byte[KeyBytes];
        var text = new byte[blob.Length - TextAt - CipherAt];
        try
        {
            Decrypt(wrappingKey, blob[KeyAt..TextAt], dataKey, AssociatedData(KeyPurpose, job, version));
            Decrypt(dataKey, blob[TextAt..], text, AssociatedData(TextPurpose, job, version));
            return JobSecretsJson.Read(text);
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw new SecretsUnreadableException(
                $"{job}: the sealed secrets do not open. They were changed, are of another job, or need another master key {version}.", e);
        }
        finally
        {
            Erase(wrappingKey, dataKey, text);
        }
    }

    private static void Encrypt(byte[] key, byte[] plain, Span<byte> envelope, byte[] associatedData)
    {
        RandomNumberGenerator.Fill(envelope[..NonceBytes]);
        using var aes = new AesGcm(key, TagBytes);
        aes.Encrypt(envelope[..NonceBytes], plain, envelope[CipherAt..], envelope[NonceBytes..CipherAt], associatedData);
    }

    private static void Decrypt(byte[] key, ReadOnlySpan<byte> envelope, byte[] plain, byte[] associatedData)
    {
        using var aes = new AesGcm(key, TagBytes);
        aes.Decrypt(envelope[..NonceBytes], envelope[CipherAt..], envelope[NonceBytes..CipherAt], plain, associatedData);
    }

    private static byte[] AssociatedData(string purpose, JobId job, uint version) => Encoding.UTF8.GetBytes($"{purpose}\0{job}\0{version}");

    private static void Erase(params ReadOnlySpan<byte[]> buffers)
    {
        foreach (var buffer in buffers) CryptographicOperations.ZeroMemory(buffer);
    }
}
