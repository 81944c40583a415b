using System.Security.Cryptography;
using CloneHub.Contracts;

namespace CloneHub.Provisioning.WordPress;

/// <summary>What makes one upload of the connector different from every other.</summary>
/// <param name="Build">Random name of this upload.</param>
/// <param name="PublicKey">SubjectPublicKeyInfo, DER, base 64: all of the key that the source gets.</param>
/// <param name="Expires">By the source's clock; afterwards the connector removes itself at the first request of anyone.</param>
/// <param name="TemporaryUser">Administrator made for the upload, to be deleted with the connector.</param>
internal sealed record ConnectorBuild(JobId Job, string Build, string PublicKey, DateTimeOffset Expires, string? TemporaryUser)
{
    public string Folder => FolderOf(Job);

    /// <summary>Names of any job's connector, as a regular expression of MariaDB.</summary>
    public const string NamePattern = "clonehub-[a-z2-7]{8}";

    /// <summary>Ends the address of every temporary administrator. Nobody else has an address in that domain, which cannot exist.</summary>
    public const string MailTail = "@clonehub.invalid";

    /// <summary>Also the log-in name of the temporary administrator.</summary>
    public static string FolderOf(JobId job) => "clonehub-" + job.Key[..8];

    public static string MailOf(string temporaryUser) => temporaryUser + MailTail;

    public static string NewName() => RandomNumberGenerator.GetHexString(16, lowercase: true);
}
