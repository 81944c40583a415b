using System.Security.Cryptography;
using System.Text;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>Files on their way in. A large one may be gone on with by whoever comes next: its part then has a name that follows from what the source lists.</summary>
internal static class FileParts
{
    internal const string Kept = "file-*.part";

    /// <summary>Bytes; smaller ones are brought anew.</summary>
    private const long Large = 8 << 20;

    /// <summary>Only where the whole can be compared with the source's sum: pieces of two attempts might not be of one file.</summary>
    internal static bool CanBeKept(PlannedFile entry) => entry.Source.Size > Large && entry.Source.Md5 is not null;

    internal static string KeptName(PlannedFile entry) =>
        $"file-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{entry.Place}\n{entry.Source.Size}\n{entry.Source.ModifiedUnix}\n{entry.Source.Md5}")))[..32]}.part";
}
