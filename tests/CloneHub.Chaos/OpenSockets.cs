using System.Globalization;
using System.Net;

namespace CloneHub.Chaos;

/// <summary>Which process holds which connection, as the kernel tells.</summary>
internal static class OpenSockets
{
    private const string Prefix = "socket:[";

    /// <summary>Of the connection from one port of this machine to another; null if it is gone.</summary>
    public static int? InodeOf(IPEndPoint from, IPEndPoint to)
    {
        // A socket of both families shows its connections of the old one in the new one's table.
        foreach (var table in (string[])["/proc/net/tcp", "/proc/net/tcp6"])
        {
            foreach (var line in File.ReadLines(table).Skip(1))
            {
                var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (PortOf(fields[1]) == from.Port && PortOf(fields[2]) == to.Port) return int.Parse(fields[9], CultureInfo.InvariantCulture);
            }
        }

        return null;
    }

    /// <summary>Every socket that one of these processes holds, by its inode. Processes that have ended hold none.</summary>
    public static Dictionary<int, int> HoldersAmong(IEnumerable<int> processes)
    {
        Dictionary<int, int> holders = [];
        foreach (var process in processes)
        {
            try
            {
                foreach (var file in Directory.EnumerateFileSystemEntries(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/fd")))
                    if (TargetOf(file) is { } target && target.StartsWith(Prefix, StringComparison.Ordinal)) holders[int.Parse(target.AsSpan(Prefix.Length).TrimEnd(']'), CultureInfo.InvariantCulture)] = process;
            }
            catch (IOException)
            {
                // It has ended.
            }
        }

        return holders;
    }

    private static string? TargetOf(string file)
    {
        try
        {
            return new FileInfo(file).LinkTarget;
        }
        catch (IOException)
        {
            // It was closed between the two looks.
            return null;
        }
    }

    private static int PortOf(string address) => int.Parse(address[(address.LastIndexOf(':') + 1)..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
