using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;

namespace CloneHub.Provisioning.WordPress;

/// <summary>How far a transfer of files has come, and therefore what the next answer has to hold.</summary>
internal sealed class FileProgress
{
    private const int FilesPerAnswer = 500;
    private const int MostChanges = 3;
    private const int PieceHeader = 21;

    private readonly FileRoot _root;
    private readonly Queue<string> _waiting;
    private readonly Dictionary<string, int> _changes = new(StringComparer.Ordinal);
    private readonly List<string> _batch = [];
    private int _next;
    private long _offset;
    private long _modified;

    /// <param name="first">Where the first file goes on.</param>
    public FileProgress(FileRoot root, IEnumerable<string> paths, FileStart? first = null)
    {
        (_offset, _modified) = (first?.Offset ?? 0, first?.ModifiedUnix ?? 0);
        _root = root;
        _waiting = new Queue<string>(paths);
    }

    /// <summary>Nothing is left to ask for.</summary>
    public bool IsComplete => _waiting.Count == 0 && _next == _batch.Count;

    /// <summary>Begins with the file that is incomplete, if any.</summary>
    public byte[] ToRequest(TransferPace pace, bool deflate)
    {
        _batch.RemoveRange(0, _next);
        _next = 0;
        while (_batch.Count < FilesPerAnswer && _waiting.TryDequeue(out var path)) _batch.Add(path);
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("root", _root == FileRoot.Core ? "core" : "content");
            json.WriteBoolean("deflate", deflate);
            json.WriteNumber("seconds", pace.Seconds);
            json.WriteNumber("bytes", pace.Bytes);
            json.WriteStartArray("files");
            for (var at = 0; at < _batch.Count; at++)
            {
                json.WriteStartArray();
                json.WriteStringValue(_batch[at]);
                json.WriteNumberValue(at == 0 ? _offset : 0);
                json.WriteNumberValue(at == 0 ? _modified : 0);
                json.WriteEndArray();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    public FileChunk TakePiece(ReadOnlyMemory<byte> payload)
    {
        Check(payload.Length >= PieceHeader && _next < _batch.Count, "A piece of a file is malformed.");
        var span = payload.Span;
        var index = BinaryPrimitives.ReadInt32LittleEndian(span);
        var offset = BinaryPrimitives.ReadInt64LittleEndian(span[4..]);
        Check(index == _next && offset == _offset, "A piece of a file is out of order.");
        var isLast = span[20] == 1;
        var data = payload[PieceHeader..];
        _modified = BinaryPrimitives.ReadInt64LittleEndian(span[12..]);
        _offset += data.Length;
        var chunk = isLast
            ? new FileChunk(_batch[index], offset, data, IsLast: true, ModifiedUnix: _modified, Size: _offset)
            : new FileChunk(_batch[index], offset, data, IsLast: false);
        if (chunk.IsLast) Advance();
        return chunk;
    }

    /// <summary>
    /// A file cannot be sent, or changed meanwhile and is worth another try. One of which nothing was delivered is tried later, and null
    /// answered; else an empty piece at its start says that it begins anew, and it is what the next answer has to begin with.
    /// </summary>
    public FileChunk? TakeError(ReadOnlySpan<byte> payload)
    {
        var error = JsonElement.Parse(payload);
        Check(_next < _batch.Count && error.GetProperty("index").GetInt32() == _next, "An error belongs to another file.");
        var reason = error.GetProperty("reason").GetString()!;
        var path = _batch[_next];
        var isBegun = _offset > 0;
        Advance();
        if (reason != "changed") return new FileChunk(path, 0, default, IsLast: true, reason);
        var changes = _changes[path] = _changes.GetValueOrDefault(path) + 1;
        if (changes >= MostChanges) return new FileChunk(path, 0, default, IsLast: true, "keeps changing");
        if (!isBegun)
        {
            _waiting.Enqueue(path);
            return null;
        }

        _next--;
        return new FileChunk(path, 0, default, IsLast: false);
    }

    private void Advance()
    {
        _next++;
        _offset = 0;
        _modified = 0;
    }

    private static void Check(bool condition, string otherwise)
    {
        if (!condition) throw new AnswerBrokenException(otherwise);
    }
}
