using System.Globalization;
using System.Text;
using System.Text.Json;

namespace CloneHub.Provisioning.WordPress;

/// <summary>One line of a listing. What a source says of its paths decides where we write, so it is not believed.</summary>
internal static class FileLine
{
    /// <summary>Line by line, since all of them together are half a megabyte of text.</summary>
    public static IEnumerable<SourceFile> ParseAll(ReadOnlyMemory<byte> lines)
    {
        while (!lines.IsEmpty)
        {
            var length = lines.Span.IndexOf((byte)'\n') is var end and >= 0 ? end : lines.Length;
            if (length > 0) yield return Parse(Encoding.ASCII.GetString(lines.Span[..length]));
            lines = lines[Math.Min(length + 1, lines.Length)..];
        }
    }

    /// <summary>What the end of an answer names that no line does, with the reasons.</summary>
    public static List<string> LeftOut(FileRoot root, JsonElement end)
    {
        var folder = root == FileRoot.Core ? "" : "wp-content/";
        return [.. end.GetProperty("left_out").EnumerateArray().Select(entry => $"{folder}{entry.GetProperty("path").GetString()} ({entry.GetProperty("reason").GetString()})")];
    }

    public static SourceFile Parse(string line)
    {
        var fields = line.Split('\t');
        if (fields.Length != 7) throw new AnswerBrokenException("A line of a listing is malformed.");
        var path = Uri.UnescapeDataString(fields[5]);
        var target = fields[6].Length == 0 ? null : Uri.UnescapeDataString(fields[6]);
        if (!StaysInside("", path) || path.Split('/').Any(part => part is "." or "..")) throw SourceFaults.Untrusted(path);
        if (target is not null && !StaysInside(path.LastIndexOf('/') is var slash and >= 0 ? path[..slash] : "", target)) throw SourceFaults.Untrusted(target);
        return new SourceFile(
            path,
            fields[0] switch
            {
                "f" => SourceFileKind.File,
                "d" => SourceFileKind.Directory,
                "l" => SourceFileKind.Link,
                _ => throw new AnswerBrokenException("A line of a listing is malformed."),
            },
            long.Parse(fields[1], CultureInfo.InvariantCulture),
            long.Parse(fields[2], CultureInfo.InvariantCulture),
            Convert.ToInt32(fields[3], 8),
            fields[4].Length == 0 ? null : fields[4],
            target);
    }

    /// <summary>Whether a path, seen from a folder of the root, stays below the root. Only link targets may climb.</summary>
    private static bool StaysInside(string folder, string path)
    {
        if (path == ".") return true;
        if (path.StartsWith('/') || path.Contains('\\') || path.Contains('\0')) return false;
        var depth = folder.Length == 0 ? 0 : folder.Count(letter => letter == '/') + 1;
        foreach (var part in path.Split('/'))
        {
            if (part is "" or ".") return false;
            depth += part == ".." ? -1 : 1;
            if (depth < 0) return false;
        }

        return true;
    }
}
