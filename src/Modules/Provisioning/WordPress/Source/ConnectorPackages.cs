using CloneHub.Contracts;

namespace CloneHub.Provisioning.WordPress;

/// <summary>The connector as a person gets it, to be installed at the source by hand.</summary>
internal sealed class ConnectorPackages(IJobVault vault, TimeProvider clock) : IConnectorPackages
{
    /// <summary>Longer than the job itself may take: here nobody knows the source's clock.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(1);

    // An earlier attempt may have made the administrator and not been let to remove it.
    public async Task<ConnectorPackage?> MakeAsync(JobId job, CancellationToken cancellation)
    {
        if (await vault.OpenAsync(job, cancellation) is not { ConnectorKey: var key } || key.Reveal().Length == 0) return null;
        using var signer = new CallSigner(job, key, clock);
        var build = new ConnectorBuild(job, ConnectorBuild.ByHand, signer.PublicKey, clock.GetUtcNow() + Lifetime, ConnectorBuild.NameOf(job));
        return new ConnectorPackage(build.Folder + ".zip", CustomMigratorPackage.BuildConnector(build));
    }
}
