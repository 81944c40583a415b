using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using CloneHub.Contracts;

namespace CloneHub.Jobs.Vault;

/// <summary>
/// Envelope encryption: the secrets under a random key of the job's own, that key under a master key, both by AES-256-GCM with the job's
/// id as associated data, so that neither part opens under another job.
/// Format 1: <c>1 | key version (4, big endian) | nonce (12) | wrapped key (32) | tag (16) | nonce (12) | tag (16) | sealed JSON</c>.
/// </summary>
internal sealed class SecretSealer(MasterKeys masterKeys)
{
    private const byte Format = 1;
    private const int KeyBytes = 32;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int WrapAt = 5;
    private const int DataAt = WrapAt + NonceBytes + KeyBytes + TagBytes;
    private const int TextAt = DataAt + NonceBytes + TagBytes;
    private const string WrapPurpose = "clonehub/wrap-data-key/v1";
    private const string DataPurpose = "clonehub/job-secrets/v1";

    public SealedSecrets Seal(JobId job, JobSecrets secrets)
    {
        var version = masterKeys.NewestVersion;
        var wrappingKey = masterKeys.Derive(version, WrapPurpose);
        var dataKey = RandomNumberGenerator.GetBytes(KeyBytes);
        var text = JobSecretsJson.Write(secrets);
        try
        {
            var blob = new byte[TextAt + text.Length];
            blob[0] = Format;
            BinaryPrimitives.WriteUInt32BigEndian(blob.AsSpan(1), version);
            Encrypt(wrappingKey, dataKey, blob.AsSpan(WrapAt, NonceBytes), blob.AsSpan(WrapAt + NonceBytes, KeyBytes), blob.AsSpan(DataAt - TagBytes, TagBytes), Aad(WrapPurpose, job, version));
            Encrypt(dataKey, text, blob.AsSpan(DataAt, NonceBytes), blob.AsSpan(TextAt), blob.AsSpan(TextAt - TagBytes, TagBytes), Aad(DataPurpose, job, version));
            return new SealedSecrets(blob);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
            CryptographicOperations.ZeroMemory(dataKey);
            CryptographicOperations.ZeroMemory(wrappingKey);
        }
    }

    public JobSecrets Open(JobId job, SealedSecrets secrets)
    {
        var blob = secrets.Blob.AsSpan();
        if (blob.Length <= TextAt || blob[0] != Format) throw new SecretsUnreadableException($"{job}: the sealed secrets have an unknown format.");
        var version = BinaryPrimitives.ReadUInt32BigEndian(blob[1..]);
        var wrappingKey = masterKeys.Derive(version, WrapPurpose);
        var dataKey = new byte[KeyBytes];
        var text = new byte[blob.Length - TextAt];
        try
        {
            Decrypt(wrappingKey, blob.Slice(WrapAt, NonceBytes), blob.Slice(WrapAt + NonceBytes, KeyBytes), blob.Slice(DataAt - TagBytes, TagBytes), dataKey, Aad(WrapPurpose, job, version));
            Decrypt(dataKey, blob.Slice(DataAt, NonceBytes), blob[TextAt..], blob.Slice(TextAt - TagBytes, TagBytes), text, Aad(DataPurpose, job, version));
            return JobSecretsJson.Read(text);
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw new SecretsUnreadableException(
                $"{job}: the sealed secrets do not open: they were changed, belong to another job, or master key {version} is not the one they were sealed with.", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
            CryptographicOperations.ZeroMemory(dataKey);
            CryptographicOperations.ZeroMemory(wrappingKey);
        }
    }

    private static void Encrypt(byte[] key, byte[] plain, Span<byte> nonce, Span<byte> cipher, Span<byte> tag, byte[] aad)
    {
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(key, TagBytes);
        aes.Encrypt(nonce, plain, cipher, tag, aad);
    }

    private static void Decrypt(byte[] key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> cipher, ReadOnlySpan<byte> tag, byte[] plain, byte[] aad)
    {
        using var aes = new AesGcm(key, TagBytes);
        aes.Decrypt(nonce, cipher, tag, plain, aad);
    }

    private static byte[] Aad(string purpose, JobId job, uint version) => Encoding.UTF8.GetBytes($"{purpose}\0{job}\0{version}");
}
