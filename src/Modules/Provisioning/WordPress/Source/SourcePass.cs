namespace CloneHub.Provisioning.WordPress;

/// <summary>What lets somebody else go on with a <see cref="SourceChannel"/>, together with the job's signing key. No secret in itself.</summary>
/// <param name="Endpoint">Where the connector answers.</param>
/// <param name="Build">Name of the connector's build.</param>
/// <param name="ClockOffset">How far the site's clock is ahead of ours.</param>
internal sealed record SourcePass(Uri Endpoint, string Build, TimeSpan ClockOffset, SourceFacts Facts);
