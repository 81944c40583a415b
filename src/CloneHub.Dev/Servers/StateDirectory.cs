using System.Security.Cryptography;
using System.Text;
using CloneHub.Dev.Processes;

namespace CloneHub.Dev.Servers;

/// <summary>Where servers keep their files, and the short path their unix sockets need.</summary>
internal static class StateDirectory
{
    /// <summary>
    /// The wanted folder, or one under /var/lib when we are root and the services' own accounts could not reach it there
    /// (a checkout under /root, for example).
    /// </summary>
    public static DirectoryInfo Place(string wanted, IProgress<string> progress)
    {
        var path = Locate(wanted);
        if (path != Path.GetFullPath(wanted))
            progress.Report($"Other accounts cannot reach {wanted}; files of the servers are kept in {path}.");

        // Folders above stay as they are; ours must let the services' accounts through.
        return Directory.CreateDirectory(path, OpenFolder);
    }

    /// <summary>Where <see cref="Place"/> would put it; nothing is made.</summary>
    public static string Locate(string wanted)
    {
        var path = Path.GetFullPath(wanted);
        return Environment.IsPrivilegedProcess && !OthersCanReach(new DirectoryInfo(path)) ? $"/var/lib/clonehub/{Hash(path)}" : path;
    }

    /// <summary>A unix socket's path may have 107 characters; this one is short whatever the state directory is called.</summary>
    public static async Task<DirectoryInfo> SocketsAsync(DirectoryInfo state, CancellationToken ct)
    {
        var path = Short(state);
        Directory.CreateDirectory(path, OpenFolder);
        var owner = (await Command.RunAsync("stat", ["-c", "%U", path], ct)).Trim();
        if (owner != Environment.UserName)
            throw new SetUpException($"{path} belongs to {owner}, not to {Environment.UserName}. Remove it and try again.");
        return new DirectoryInfo(path);
    }

    /// <summary>For a cluster of one node: its image store needs a file system that can carry an overlay.</summary>
    public static DirectoryInfo NodeFolder(DirectoryInfo state) => new($"{Short(state)}-node");

    private static string Short(DirectoryInfo state) => $"/tmp/clonehub-{Hash(state.FullName)}";

    private const UnixFileMode OpenFolder =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private static bool OthersCanReach(DirectoryInfo? folder)
    {
        for (; folder is not null; folder = folder.Parent)
        {
            if (folder.Exists && !folder.UnixFileMode.HasFlag(UnixFileMode.OtherExecute))
                return false;
        }

        return true;
    }

    private static string Hash(string path) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path)))[..8];
}
