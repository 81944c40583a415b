using CloneHub.Contracts;
using CloneHub.Jobs.Journal;

namespace CloneHub.Jobs.Vault;

/// <summary>Keeps what a job knows and must not tell, sealed in Redis for as long as the job needs it.</summary>
internal sealed class JobVault(JobStore store, SecretSealer sealer) : IJobVault
{
    private static readonly Secret Nothing = new("");

    /// <summary>Sealed secrets are stored by <see cref="JobStore.AcceptAsync"/>, together with the job itself.</summary>
    public SealedSecrets Seal(JobId job, JobSecrets secrets) => sealer.Seal(job, secrets);

    public async Task<JobSecrets?> OpenAsync(JobId job, CancellationToken cancellation)
    {
        var found = await store.SecretsAsync(job).WaitAsync(cancellation);
        return found is null ? null : sealer.Open(job, found);
    }

    /// <summary>Forgets the log-in at the source once nothing needs it any more; the clone's own secrets stay. Harmless when repeated.</summary>
    public async Task ForgetSourceAsync(JobId job, CancellationToken cancellation)
    {
        while (await store.SecretsAsync(job).WaitAsync(cancellation) is { } found)
        {
            var secrets = sealer.Open(job, found);
            if (secrets.SourceUsername.Length == 0 && secrets.SourcePassword.Equals(Nothing)) return;
            var rest = sealer.Seal(job, secrets with { SourceUsername = "", SourcePassword = Nothing });
            if (await store.ReplaceSecretsAsync(job, found, rest).WaitAsync(cancellation)) return;
        }
    }

    public Task DeleteAsync(JobId job, CancellationToken cancellation) => store.DeleteSecretsAsync(job).WaitAsync(cancellation);
}
