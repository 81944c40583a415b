using System.Globalization;
using System.Text;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>
/// Files of a clone that were read back and found to be what the source sent, in a file of their own, so that an import that was cut off reads no file twice. They
/// hold only for a file that still has the length and the time that it had then.
/// </summary>
internal sealed class CheckedFiles : IDisposable
{
    private readonly Dictionary<string, CheckedFile> _known = new(StringComparer.Ordinal);
    private readonly Stream _file;
    private readonly Lock _lock = new();

    private CheckedFiles(Stream file, IEnumerable<string> lines)
    {
        _file = file;
        foreach (var line in lines)
            if (CheckedFile.Parse(line) is { } known) _known[known.Place] = known;
    }

    /// <param name="identity">Of what the files are made; those of anything else do not count.</param>
    internal static CheckedFiles Open(string path, string identity)
    {
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (IOException)
        {
            // An earlier attempt that lives on has it. Without it files are only read once more.
            return new CheckedFiles(Stream.Null, []);
        }

        try
        {
            var content = new byte[file.Length];
            file.ReadExactly(content);
            var lines = Encoding.UTF8.GetString(content).Split('\n');
            if (lines[0] == identity)
            {
                // A line that was cut off is made to end, and is none.
                file.WriteByte((byte)'\n');
                return new CheckedFiles(file, lines.Skip(1));
            }

            file.SetLength(0);
            file.Seek(0, SeekOrigin.Begin);
            file.Write(Encoding.UTF8.GetBytes(identity + "\n"));
            return new CheckedFiles(file, []);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Null unless the very file that stands there now was checked, and is what the source lists.</summary>
    internal CheckedFile? Find(PlannedFile entry, FileInfo file) =>
        _known.TryGetValue(entry.Place, out var known) && (entry.Source.Md5 is null || known.SourceMd5 == entry.Source.Md5)
        && known.SourceLength == entry.Source.Size && known.ModifiedUnix == entry.Source.ModifiedUnix
        && file.Exists && file.Length == known.Length && new DateTimeOffset(file.LastWriteTimeUtc).ToUnixTimeSeconds() == known.ModifiedUnix
            ? known
            : null;

    internal void Add(CheckedFile file)
    {
        var line = Encoding.UTF8.GetBytes(file + "\n");
        lock (_lock) _file.Write(line);
    }

    public void Dispose() => _file.Dispose();
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
