namespace CloneHub.Contracts;

/// <summary>
/// A text that must not be seen: it prints as <c>***</c> and has no JSON form. Whoever needs the text says so by calling <see cref="Reveal"/>.
/// </summary>
public sealed class Secret(string value) : IEquatable<Secret>
{
    public string Reveal() => value;

    public override string ToString() => "***";

    public bool Equals(Secret? other) => other is not null && string.Equals(value, other.Reveal(), StringComparison.Ordinal);

    public override bool Equals(object? obj) => Equals(obj as Secret);

    public override int GetHashCode() => string.GetHashCode(value, StringComparison.Ordinal);
}

/// <summary>
/// What a job knows and must not tell: sealed beside the journal from the request on, deleted when the job ends.
/// </summary>
/// <param name="SourceUsername">Log-in name at the source site.</param>
/// <param name="SourcePassword">Password or application password at the source site.</param>
/// <param name="ClonePassword">Password of the administrator that the clone's caller gets.</param>
/// <param name="DatabasePassword">Password of the clone's database user.</param>
/// <param name="ConnectorKey">Private half of the job's signing key: ECDSA P-256, PKCS #8, base 64.</param>
/// <param name="CallbackUrl">Where the owner wants to be called; null if nowhere. It may hold a token.</param>
/// <param name="TargetUsername">Of a restore, whose source is the clone: an administrator's log-in name at the site that gets the clone's content.</param>
/// <param name="TargetPassword">That administrator's password or application password.</param>
public sealed record JobSecrets(
    string SourceUsername,
    Secret SourcePassword,
    Secret ClonePassword,
    Secret DatabasePassword,
    Secret ConnectorKey,
    Secret? CallbackUrl = null,
    string? TargetUsername = null,
    Secret? TargetPassword = null);

/// <summary>Opens what was sealed for a job. Answers null once the job has ended and its secrets are gone.</summary>
public interface IJobVault
{
    Task<JobSecrets?> OpenAsync(JobId job, CancellationToken cancellation);
}
