namespace CloneHub.Jobs.Vault;

/// <summary>A job's secrets as they are stored; what the bytes mean is <see cref="SecretSealer"/>'s business.</summary>
internal sealed record SealedSecrets(byte[] Blob)
{
    public override string ToString() => $"{Blob.Length} sealed bytes";
}

/// <summary>What was sealed cannot be opened. Says which job and why, and nothing of what is inside.</summary>
internal sealed class SecretsUnreadableException(string message, Exception? inner = null) : Exception(message, inner);
