using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;

namespace CloneHub.Provisioning.WordPress;

/// <summary>How far a dump has come, and therefore what the next answer has to hold.</summary>
internal sealed class DumpProgress(IReadOnlyList<DumpRequest> tables)
{
    private static readonly DumpPosition Start = new(0, []);

    private int[] _keyColumns = [];
    private DumpPosition _position = tables.Count > 0 ? tables[0].From ?? Start : Start;
    private int _table;
    private uint _answerSum;
    private long _answerRows;
    private bool _isStarted;
    private BigRow? _bigRow;

    public bool IsComplete => _table == tables.Count;

    public string Table => tables[_table].Table;

    /// <summary>Rows of the present table that are complete.</summary>
    public DumpPosition Position => _position;

    public byte[] ToRequest(TransferPace pace, bool deflate)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteBoolean("deflate", deflate);
            json.WriteNumber("seconds", pace.Seconds);
            json.WriteNumber("bytes", pace.Bytes);
            json.WriteStartArray("tables");
            for (var at = _table; at < tables.Count; at++)
            {
                WriteTable(json, tables[at], at == _table ? _position : tables[at].From ?? Start);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>A table begins in the answer.</summary>
    /// <returns>False if it is the rest of a table that an earlier answer began.</returns>
    public bool Open(ReadOnlySpan<byte> payload)
    {
        var name = JsonElement.Parse(payload).GetProperty("name").GetString();
        Check(!IsComplete && name == Table, "Another table came than was asked for.");
        _answerSum = 0;
        _answerRows = 0;
        _bigRow = null;
        if (_isStarted) return false;
        _isStarted = true;
        var request = tables[_table];
        _keyColumns = [.. request.Key.Select(column => request.Columns.ToList().IndexOf(column))];
        return true;
    }

    /// <summary>Takes a frame of rows. Answers null while large values of its row are still to come.</summary>
    public RowBatch? TakeRows(ReadOnlyMemory<byte> payload)
    {
        Check(_isStarted && payload.Length >= 8 && _bigRow is null, "A frame of rows came at the wrong time.");
        var rows = BinaryPrimitives.ReadInt32LittleEndian(payload.Span);
        var columns = BinaryPrimitives.ReadInt32LittleEndian(payload.Span[4..]);
        Check(rows > 0 && columns == tables[_table].Columns.Count, "A frame of rows has the wrong columns.");
        var values = payload[8..];
        var last = WireRows.Measure(values.Span, rows, columns, out var pieces);
        if (pieces > 0)
        {
            Check(rows == 1, "A row with large values must come alone.");
            _bigRow = new BigRow(values, columns, pieces);
            _answerSum = Crc32.Append(_answerSum, values.Span);
            return null;
        }

        _answerSum = Crc32.Append(_answerSum, values.Span);
        Accept(values.Span, last, rows, columns);
        return new RowBatch(values, rows, columns);
    }

    /// <summary>Takes a piece of a large value; answers the row once it is complete.</summary>
    public RowBatch? TakePiece(ReadOnlySpan<byte> payload)
    {
        Check(_bigRow is not null, "A piece of a value came without its row.");
        _answerSum = Crc32.Append(_answerSum, _bigRow!.Take(payload));
        if (!_bigRow.IsComplete) return null;
        var row = _bigRow.Assemble();
        _bigRow = null;
        Accept(row, 0, 1, tables[_table].Columns.Count);
        return new RowBatch(row, 1, tables[_table].Columns.Count);
    }

    /// <summary>The present table ends; what the site counted must be what came.</summary>
    public TableEnded Close(ReadOnlySpan<byte> payload)
    {
        var end = JsonElement.Parse(payload);
        Check(end.GetProperty("rows").GetInt64() == _answerRows && end.GetProperty("crc").GetUInt32() == _answerSum, "Rows of a table are missing.");
        var counted = end.GetProperty("counted");
        var ended = new TableEnded(Table, _position.Rows, counted.ValueKind == JsonValueKind.Number ? counted.GetInt64() : null);
        _table++;
        (_position, _isStarted) = (IsComplete ? Start : tables[_table].From ?? Start, false);
        return ended;
    }

    private void Accept(ReadOnlySpan<byte> values, int last, int rows, int columns)
    {
        _answerRows += rows;
        _position = new DumpPosition(_position.Rows + rows, _keyColumns.Length > 0 ? WireRows.Pick(values[last..], columns, _keyColumns) : []);
    }

    private static void WriteTable(Utf8JsonWriter json, DumpRequest table, DumpPosition from)
    {
        json.WriteStartObject();
        json.WriteString("name", table.Table);
        WriteNames(json, "columns", table.Columns);
        WriteNames(json, "key", table.Key);
        if (table.Range is { } range)
        {
            if (range.Above is { } above) json.WriteNumber("above", above);
            if (range.Until is { } until) json.WriteNumber("until", until);
        }

        if (from.Rows > 0)
        {
            json.WriteNumber("offset", from.Rows);
            json.WriteStartArray("after");
            foreach (var value in from.After) json.WriteBase64StringValue(value);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteNames(Utf8JsonWriter json, string property, IReadOnlyList<string> names)
    {
        json.WriteStartArray(property);
        foreach (var name in names) json.WriteStringValue(name);
        json.WriteEndArray();
    }

    private static void Check(bool condition, string otherwise)
    {
        if (!condition) throw new AnswerBrokenException(otherwise);
    }
}
