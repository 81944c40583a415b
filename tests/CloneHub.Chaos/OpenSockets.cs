using System.Globalization;
using System.Net;

namespace CloneHub.Chaos;

/// <summary>Which process holds which connection, as the kernel tells.</summary>
internal static class OpenSockets
{
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

    public static bool Holds(int process, int inode)
    {
        var socket = string.Create(CultureInfo.InvariantCulture, $"socket:[{inode}]");
        try
        {
            return Directory.EnumerateFiles(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/fd")).Any(file => TargetOf(file) == socket);
        }
        catch (IOException)
        {
            // It has ended.
            return false;
        }
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
