using CloneHub.Contracts;

namespace CloneHub.Provisioning;

/// <summary>Takes a job's secrets out of what was written where strangers' code runs.</summary>
internal sealed class SecretFilter(JobSecrets secrets)
{
    private readonly string[] _hidden =
    [
        .. new[] { secrets.SourcePassword, secrets.ClonePassword, secrets.DatabasePassword, secrets.ConnectorKey, secrets.CallbackUrl }
            .Select(secret => secret?.Reveal()).OfType<string>().Where(text => text.Length > 0).OrderByDescending(text => text.Length),
    ];

    public string Apply(string text) => _hidden.Aggregate(text, (rest, secret) => rest.Replace(secret, "***", StringComparison.Ordinal));
}
