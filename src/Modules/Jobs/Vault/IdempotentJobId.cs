using System.Security.Cryptography;
using System.Text;
using CloneHub.Contracts;

namespace CloneHub.Jobs.Vault;

/// <summary>
/// Gives a repeated request the id it had before, without a store of keys: the id is a keyed hash, so nobody else can foresee it, and
/// the journal itself knows whether it was used.
/// </summary>
internal sealed class IdempotentJobId : IDisposable
{
    private const string Purpose = "clonehub/idempotent-job-id/v1";
    private const int IdBytes = 16;

    private readonly List<byte[]> _keys;

    public IdempotentJobId(MasterKeys masterKeys) => _keys = [.. masterKeys.Versions.Select(version => masterKeys.Derive(version, Purpose))];

    /// <summary>For a request without an Idempotency-Key.</summary>
    public static JobId New() => JobId.FromBytes(RandomNumberGenerator.GetBytes(IdBytes));

    public JobId Of(string tenant, string idempotencyKey) => Of(_keys[0], tenant, idempotencyKey);

    /// <summary>The ids this request would have got before a rotation of the master key; empty while the file holds one key.</summary>
    public IReadOnlyList<JobId> Earlier(string tenant, string idempotencyKey) =>
        [.. _keys.Skip(1).Select(key => Of(key, tenant, idempotencyKey))];

    public void Dispose()
    {
        foreach (var key in _keys) CryptographicOperations.ZeroMemory(key);
    }

    private static JobId Of(byte[] key, string tenant, string idempotencyKey)
    {
        // The zero between them keeps ("a", "bc") and ("ab", "c") apart; a tenant's name holds none.
        var hash = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{tenant}\0{idempotencyKey}"));
        return JobId.FromBytes(hash.AsSpan(0, IdBytes));
    }
}
