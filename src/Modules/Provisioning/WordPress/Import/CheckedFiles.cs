using System.Globalization;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>
/// Files of a clone that were read back and found to be what the source sent, in a file of their own, so that an import that was cut off reads no file twice. They
/// hold only for a file that still has the length and the time that it had then.
/// </summary>
internal sealed class CheckedFiles : IDisposable
{
    private readonly Dictionary<string, CheckedFile> _known = new(StringComparer.Ordinal);
    private readonly StreamWriter _writer;
    private readonly Lock _lock = new();

    private CheckedFiles(StreamWriter writer, IEnumerable<string> lines)
    {
        _writer = writer;
        foreach (var line in lines)
            if (CheckedFile.Parse(line) is { } file) _known[file.Place] = file;
    }

    internal static CheckedFiles Open(string path)
    {
        var lines = File.Exists(path) ? File.ReadAllLines(path) : [];

        // A line that was cut off is made to end, and is none.
        var writer = new StreamWriter(path, append: true) { AutoFlush = true };
        writer.WriteLine();
        return new CheckedFiles(writer, lines);
    }

    /// <summary>Null unless the very file that stands there now was checked, and is what the source lists.</summary>
    internal CheckedFile? Find(PlannedFile entry, FileInfo file) =>
        _known.TryGetValue(entry.Place, out var known) && known.SourceMd5 == entry.Source.Md5 && known.SourceLength == entry.Source.Size && known.ModifiedUnix == entry.Source.ModifiedUnix
        && file.Exists && file.Length == known.Length && new DateTimeOffset(file.LastWriteTimeUtc).ToUnixTimeSeconds() == known.ModifiedUnix
            ? known
            : null;

    internal void Add(CheckedFile file)
    {
        lock (_lock) _writer.WriteLine(file.ToString());
    }

    public void Dispose() => _writer.Dispose();
}

/// <param name="Length">Bytes, in the clone; another number than the source's where addresses were rewritten.</param>
/// <param name="SourceMd5">Null where the source did not tell it.</param>
/// <param name="Md5">Of the file in the clone.</param>
internal sealed record CheckedFile(string Place, long SourceLength, long ModifiedUnix, string? SourceMd5, long Length, string Md5)
{
    /// <summary>Of a line that is whole.</summary>
    private const string End = ".";

    internal static CheckedFile? Parse(string line)
    {
        var fields = line.Split('\t');
        return fields.Length == 7 && fields[6] == End && fields[4].Length == 32
            && long.TryParse(fields[0], CultureInfo.InvariantCulture, out var sourceLength) && long.TryParse(fields[1], CultureInfo.InvariantCulture, out var modified)
            && long.TryParse(fields[2], CultureInfo.InvariantCulture, out var length)
            ? new CheckedFile(Uri.UnescapeDataString(fields[5]), sourceLength, modified, fields[3].Length == 0 ? null : fields[3], length, fields[4])
            : null;
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{SourceLength}\t{ModifiedUnix}\t{Length}\t{SourceMd5}\t{Md5}\t{Uri.EscapeDataString(Place)}\t{End}");
}
