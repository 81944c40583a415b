using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CloneHub.Contracts;

namespace CloneHub.Provisioning.WordPress;

/// <summary>What makes one upload of the connector different from every other.</summary>
/// <param name="Attempt">Number of the attempt that brings it; <see cref="ByHand"/> where a person does.</param>
/// <param name="PublicKey">SubjectPublicKeyInfo, DER, base 64: all of the key that the source gets.</param>
/// <param name="Expires">By the source's clock; afterwards the connector removes itself at the first request of anyone.</param>
/// <param name="TemporaryUser">Administrator made for the upload, to be deleted with the connector.</param>
/// <param name="Work">Folder below wp-content that a restore works in; null for a build that only reads.</param>
internal sealed record ConnectorBuild(JobId Job, int Attempt, string PublicKey, DateTimeOffset Expires, string? TemporaryUser, string? Work = null)
{
    public const int ByHand = 0;

    /// <summary>Stands for all attempts of the job there can have been.</summary>
    public const int Last = int.MaxValue;

    /// <summary>Its folder below the source's plugins, and by which it is told from the job's other builds.</summary>
    public string Folder => FolderOf(Job, Attempt);

    /// <summary>Names of any job's temporary administrator, as a regular expression of MariaDB.</summary>
    public const string NamePattern = "clonehub-[a-z2-7]{8}";

    /// <summary>Folders of any job's connectors.</summary>
    public const string FolderPattern = NamePattern + "(?:-[0-9]+)?";

    /// <summary>Ends the address of every temporary administrator. Nobody else has an address in that domain, which cannot exist.</summary>
    public const string MailTail = "@clonehub.invalid";

    /// <summary>What every trace of the job at its source begins with; also the log-in name of the temporary administrator.</summary>
    public static string NameOf(JobId job) => "clonehub-" + job.Key[..8];

    /// <summary>No attempt meets the folder of another one, which may be half unpacked or about to be removed.</summary>
    public static string FolderOf(JobId job, int attempt) => attempt == ByHand ? NameOf(job) : string.Create(CultureInfo.InvariantCulture, $"{NameOf(job)}-{attempt}");

    /// <summary>Which attempt of the job a folder belongs to; null if it is none of this job's.</summary>
    public static int? AttemptOf(JobId job, string folder)
    {
        if (folder == NameOf(job)) return ByHand;
        var isNumbered = folder.StartsWith(NameOf(job) + "-", StringComparison.Ordinal);
        return isNumbered && int.TryParse(folder.AsSpan(NameOf(job).Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var attempt) ? attempt : null;
    }

    public static string LastFolderOf(JobId job) => FolderOf(job, Last);

    public static string MailOf(string temporaryUser) => temporaryUser + MailTail;

    /// <summary>The same for every attempt of a job, and unknown to everybody else: the folder may be reached by the web.</summary>
    public static string WorkOf(JobId job, Secret connectorKey) =>
        $".clonehub-{job.Key[..8]}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(connectorKey.Reveal())))[..16]}";
}

/// <summary>What a connector is on a site for.</summary>
/// <param name="Lifetime">By the site's clock; afterwards it removes itself and all it brought.</param>
/// <param name="Work">Folder of a restore; null where it only reads.</param>
/// <param name="Fence">Of the step that has it there: the site does not let one go that has been overtaken. Null where nothing is kept that it could take along.</param>
internal sealed record ConnectorUse(TimeSpan Lifetime, string? Work, long? Fence = null)
{
    public static readonly ConnectorUse ToRead = new(TimeSpan.FromHours(2), null);

    /// <summary>As long again, for media that come once the clone serves.</summary>
    public static readonly ConnectorUse ToReadLater = new(2 * ToRead.Lifetime, null);

    /// <summary>It stays when the log-in is over, longer than an administrator too many should.</summary>
    public bool OutlivesLogIn => Work is not null || Lifetime > ToRead.Lifetime;

    /// <summary>A day in which it can be undone, and as long as it may take before that begins.</summary>
    public static ConnectorUse ToRestore(JobId job, Secret connectorKey, long? fence = null) => new(TimeSpan.FromHours(27), ConnectorBuild.WorkOf(job, connectorKey), fence);
}
