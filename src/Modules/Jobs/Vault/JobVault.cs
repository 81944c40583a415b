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

    /// <summary>Forgets the log-ins at the sites once nothing needs them any more; the clone's own secrets stay. Harmless when repeated.</summary>
    public Task ForgetSourceAsync(JobId job, CancellationToken cancellation) =>
        ReduceAsync(job, secrets => secrets with { SourceUsername = "", SourcePassword = Nothing, TargetUsername = null, TargetPassword = null }, cancellation);

    /// <summary>Keeps nothing but the address of an owner who has still to be called. Harmless when repeated.</summary>
    public Task ForgetCloneAsync(JobId job, CancellationToken cancellation) =>
        ReduceAsync(job, secrets => new JobSecrets("", Nothing, Nothing, Nothing, Nothing, secrets.CallbackUrl), cancellation);

    public Task DeleteAsync(JobId job, CancellationToken cancellation) => store.DeleteSecretsAsync(job).WaitAsync(cancellation);

    private async Task ReduceAsync(JobId job, Func<JobSecrets, JobSecrets> reduce, CancellationToken cancellation)
    {
        while (await store.SecretsAsync(job).WaitAsync(cancellation) is { } found)
        {
            var secrets = sealer.Open(job, found);
            var rest = reduce(secrets);
            if (rest == secrets || await store.ReplaceSecretsAsync(job, found, sealer.Seal(job, rest)).WaitAsync(cancellation)) return;
        }
    }
}
