using System.Security.Cryptography;
using CloneHub.Contracts;

namespace CloneHub.Provisioning.Tests;

/// <summary>Jobs to test with.</summary>
internal static class TestJobs
{
    internal static CloneOrder NewOrder(Uri? source = null) =>
        new(JobId.FromBytes(RandomNumberGenerator.GetBytes(16)), source ?? new Uri("http://source.example/"), "tenant", CustomerId: null);

    internal static JobSecrets NewSecrets()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new JobSecrets(
            "admin", new Secret("source-password"), Random("clone"), Random("database"), new Secret(Convert.ToBase64String(key.ExportPkcs8PrivateKey())));
    }

    internal static StepToken Token(this CloneOrder order, CloneStep step, long fence = 1, int attempt = 1) => new(order.Job, step, attempt, fence);

    private static Secret Random(string prefix) => new($"{prefix}-{RandomNumberGenerator.GetHexString(16)}");
}

/// <summary>A vault of one job.</summary>
internal sealed class OpenVault(Func<JobSecrets?> secrets) : IJobVault
{
    public Task<JobSecrets?> OpenAsync(JobId job, CancellationToken cancellation) => Task.FromResult(secrets());
}
