using System.Buffers.Binary;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>
/// CRC-32 of zip and of SQL's CRC32(): what both we and the database can compute of a value. Eight bytes at a time
/// (Kounavis and Berry, "Novel Table Lookup-Based Algorithms for High-Performance CRC Generation").
/// </summary>
internal static class Crc32
{
    private static readonly uint[][] Tables = MakeTables();

    internal static uint Of(ReadOnlySpan<byte> data)
    {
        var t = Tables;
        var crc = 0xffffffffu;
        while (data.Length >= 8)
        {
            var low = BinaryPrimitives.ReadUInt32LittleEndian(data) ^ crc;
            var high = BinaryPrimitives.ReadUInt32LittleEndian(data[4..]);
            crc = t[7][low & 0xff] ^ t[6][(low >> 8) & 0xff] ^ t[5][(low >> 16) & 0xff] ^ t[4][low >> 24]
                ^ t[3][high & 0xff] ^ t[2][(high >> 8) & 0xff] ^ t[1][(high >> 16) & 0xff] ^ t[0][high >> 24];
            data = data[8..];
        }

        foreach (var value in data) crc = t[0][(crc ^ value) & 0xff] ^ (crc >> 8);
        return ~crc;
    }

    private static uint[][] MakeTables()
    {
        var tables = new uint[8][];
        for (var table = 0; table < 8; table++)
        {
            tables[table] = new uint[256];
            for (uint index = 0; index < 256; index++)
            {
                var crc = table == 0 ? index : tables[table - 1][index];
                for (var bit = 0; bit < 8; bit++) crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0xedb88320u;
                tables[table][index] = crc;
            }
        }

        return tables;
    }
}
