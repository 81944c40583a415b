using System.Buffers.Binary;

namespace CloneHub.Provisioning.WordPress;

/// <summary>Walks over rows in their wire form without reading their values.</summary>
internal static class WireRows
{
    /// <summary>Stands for a value that follows its row in pieces.</summary>
    public const uint FollowsLength = 0xfffffffe;

    /// <returns>Where the last row begins.</returns>
    /// <param name="pieces">How many values follow in pieces.</param>
    public static int Measure(ReadOnlySpan<byte> values, int rows, int columns, out int pieces)
    {
        pieces = 0;
        var at = 0;
        var last = 0;
        for (var row = 0; row < rows; row++)
        {
            last = at;
            for (var column = 0; column < columns; column++)
            {
                if (at + 4 > values.Length) throw new AnswerBrokenException("A frame of rows ends inside a row.");
                var length = BinaryPrimitives.ReadUInt32LittleEndian(values[at..]);
                at += 4;
                if (length == FollowsLength) pieces++;
                else if (length != RowBatch.NullLength) at = checked(at + (int)length);
            }
        }

        if (at != values.Length) throw new AnswerBrokenException("A frame of rows has a wrong length.");
        return last;
    }

    /// <summary>Copies the values of some columns out of one row.</summary>
    public static byte[][] Pick(ReadOnlySpan<byte> row, int columns, ReadOnlySpan<int> wanted)
    {
        var picked = new byte[wanted.Length][];
        for (var column = 0; column < columns; column++)
        {
            var length = BinaryPrimitives.ReadUInt32LittleEndian(row);
            row = row[4..];
            var bytes = length >= FollowsLength ? [] : row[..(int)length];
            row = row[bytes.Length..];
            if (wanted.IndexOf(column) is var at and >= 0) picked[at] = bytes.ToArray();
        }

        return picked;
    }
}
