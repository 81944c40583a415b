using System.Security.Cryptography;
using System.Text.RegularExpressions;
using CloneHub.Contracts;

namespace CloneHub.Provisioning.WordPress;

/// <summary>What makes one upload of the connector different from every other.</summary>
/// <param name="Build">Random name of this upload.</param>
/// <param name="PublicKey">SubjectPublicKeyInfo, DER, base 64: all of the key that the source gets.</param>
/// <param name="Expires">By the source's clock; afterwards the connector removes itself at the first request of anyone.</param>
/// <param name="TemporaryUser">Administrator made for the upload, to be deleted with the connector.</param>
internal sealed partial record ConnectorBuild(JobId Job, string Build, string PublicKey, DateTimeOffset Expires, string? TemporaryUser)
{
    public string Folder => FolderOf(Job);

    /// <summary>Names of any job's connector, as a regular expression that .NET and MariaDB read alike.</summary>
    public const string NamePattern = "clonehub-[a-z2-7]{8}";

    /// <summary>Also the log-in name of the temporary administrator.</summary>
    public static string FolderOf(JobId job) => "clonehub-" + job.Key[..8];

    /// <summary>Whether a folder or a log-in name is that of a connector, this job's or another's.</summary>
    public static bool IsConnectorName(string name) => Name().IsMatch(name);

    public static string NewName() => RandomNumberGenerator.GetHexString(16, lowercase: true);

    [GeneratedRegex(@"\A" + NamePattern + @"\z")]
    private static partial Regex Name();
}
