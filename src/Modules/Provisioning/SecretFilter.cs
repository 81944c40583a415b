using System.Text;
using CloneHub.Contracts;

namespace CloneHub.Provisioning;

/// <summary>Takes a job's secrets out of what was written where strangers' code runs.</summary>
internal sealed class SecretFilter(JobSecrets secrets)
{
    private readonly string[] _hidden =
    [
        .. new[] { secrets.SourcePassword, secrets.ClonePassword, secrets.DatabasePassword, secrets.ConnectorKey, secrets.CallbackUrl, secrets.TargetPassword }
            .Select(secret => secret?.Reveal()).OfType<string>().Where(text => text.Length > 0).OrderByDescending(text => text.Length),
    ];

    /// <summary>Bytes of the longest as an address would write it: of one that lies across a cut no more than this comes before it.</summary>
    public int Longest => _hidden.Select(secret => 3 * Encoding.UTF8.GetByteCount(secret)).FirstOrDefault();

    /// <summary>Also where they stand as addresses write them; then the whole text is told decoded, in one line.</summary>
    public string Apply(string text)
    {
        var plain = Hide(text);
        var decoded = Uri.UnescapeDataString(plain);
        var hidden = Hide(decoded);
        return hidden == decoded ? plain : string.Concat(hidden.Select(letter => char.IsControl(letter) ? ' ' : letter));
    }

    private string Hide(string text) => _hidden.Aggregate(text, (rest, secret) => rest.Replace(secret, "***", StringComparison.Ordinal));
}
