namespace CloneHub.Contracts;

/// <summary>Makes the plugin that a person installs at a source where CloneHub cannot.</summary>
public interface IConnectorPackages
{
    /// <summary>Null if the job's key is no longer kept.</summary>
    Task<ConnectorPackage?> MakeAsync(JobId job, CancellationToken cancellation);
}

/// <param name="FileName">As the plugin's folder, with ".zip".</param>
/// <param name="Zip">What WordPress installs. Holds no secret: it obeys whoever has the other half of the key in it.</param>
public sealed record ConnectorPackage(string FileName, byte[] Zip);
