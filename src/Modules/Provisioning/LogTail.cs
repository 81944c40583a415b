using System.Text;
using CloneHub.Contracts;

namespace CloneHub.Provisioning;

/// <summary>The end of a log that code of strangers writes: bounded, and text whatever is in it.</summary>
internal static class LogTail
{
    public const int MostLines = 1_000;

    /// <summary>Bytes that are read, and letters that are kept of a line.</summary>
    private const int Longest = 256 << 10;
    private const int LongestLine = 2_000;

    /// <summary>An empty log where PHP has not complained yet. A link is never followed: whoever made it may not read what it leads to.</summary>
    public static async Task<CloneLog> ReadAsync(string path, int lines, CancellationToken cancellation)
    {
        var file = new FileInfo(path);
        if (!file.Exists || file.LinkTarget is not null) return new CloneLog([], IsCut: false);
        await using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var from = Math.Max(0, stream.Length - Longest);
        stream.Position = from;
        var bytes = new byte[Longest];
        var length = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellation);
        var all = Encoding.UTF8.GetString(bytes, 0, length).Split('\n');

        // The first one is whole only at the beginning of the file; behind the last line feed there is nothing.
        var whole = all.Skip(from > 0 ? 1 : 0).SkipLast(all[^1].Length == 0 ? 1 : 0).ToList();
        return new CloneLog([.. whole.TakeLast(Math.Clamp(lines, 1, MostLines)).Select(Text)], IsCut: from > 0 || whole.Count > lines);
    }

    private static string Text(string line) =>
        string.Concat(line.Take(LongestLine).Select(letter => char.IsControl(letter) && letter != '\t' ? ' ' : letter)).TrimEnd();
}
