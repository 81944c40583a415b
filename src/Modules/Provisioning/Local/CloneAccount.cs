using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress.Import;

namespace CloneHub.Provisioning.Local;

/// <summary>
/// Who runs a clone's PHP and who serves its files. Started by root, every clone gets a user id of its own, which needs no entry in
/// /etc/passwd: what one clone's PHP writes no other can read, and the sockets belong to nginx alone. An ordinary user cannot change
/// users; then open_basedir alone keeps the clones apart, which honest code respects and hostile code can get around.
/// </summary>
internal static class CloneAccount
{
    // Far above what adduser (59999), containers (subuid from 100000) and systemd (up to 1879048191 from 524288 in blocks) hand out.
    private const uint FirstUserId = 0x7100_0000;
    private const uint UserIds = 0x0080_0000;

    /// <summary>User and group that nginx's workers run as.</summary>
    public const string WebUser = "www-data";

    /// <summary>Whether this process may give files and processes to other users.</summary>
    public static bool IsRoot { get; } = Environment.IsPrivilegedProcess;

    private static readonly bool OwnIds = IsRoot && IdsAreMapped();

    private static readonly uint WebUserId = IsRoot ? IdIn("/etc/passwd", WebUser) : 0;
    private static readonly uint WebGroupId = IsRoot ? IdIn("/etc/group", WebUser) : 0;

    /// <summary>The user, and the group of the same number, that a clone's PHP runs as.</summary>
    public static uint UserIdOf(JobId job)
    {
        // A container may have too few ids mapped; then all clones share nginx's user.
        if (!OwnIds) return WebUserId;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.ASCII.GetBytes(job.Value), hash);
        return FirstUserId + (BinaryPrimitives.ReadUInt32LittleEndian(hash) % UserIds);
    }

    /// <summary>Gives a path to the clone's PHP, and to nginx by its group.</summary>
    public static void GiveToClone(string path, JobId job) => ChangeOwner(path, UserIdOf(job), WebGroupId);

    /// <summary>Gives a path to nginx alone.</summary>
    public static void GiveToWeb(string path) => ChangeOwner(path, WebUserId, WebGroupId);

    /// <summary>Keeps a path root's own; the clone's PHP gets what its group may.</summary>
    public static void ShowToClone(string path, JobId job) => ChangeOwner(path, 0, UserIdOf(job));

    /// <summary>Who owns what is imported into a clone; null where this process cannot give files away.</summary>
    public static FileOwner? OwnerOf(JobId job) => IsRoot ? new FileOwner(UserIdOf(job), WebGroupId) : null;

    private static void ChangeOwner(string path, uint user, uint group)
    {
        if (IsRoot) NativeFile.ChangeOwner(path, new FileOwner(user, group));
    }

    private static bool IdsAreMapped()
    {
        const string Map = "/proc/self/uid_map";
        if (!File.Exists(Map)) return false;
        return File.ReadLines(Map)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(n => uint.Parse(n, CultureInfo.InvariantCulture)).ToArray())
            .Any(range => range[0] <= FirstUserId && (ulong)range[0] + range[2] >= FirstUserId + (ulong)UserIds);
    }

    private static uint IdIn(string file, string name)
    {
        var line = File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.Ordinal))
            ?? throw new InvalidOperationException($"{file} has no {name}, which nginx should run as.");
        return uint.Parse(line.Split(':')[2], CultureInfo.InvariantCulture);
    }
}
