using System.Buffers;
using System.Globalization;
using System.Text.Unicode;
using CloneHub.Provisioning.WordPress.Rewriting;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>What is done to the values of one column on their way.</summary>
/// <param name="IsBlob">Rewritten only where the bytes are text.</param>
/// <param name="IsLocked">Part of the primary or a unique key: two addresses that become one would cost a row, so the value stays and is reported.</param>
/// <param name="MaxBytes">Room in the column; 0 where values of this type are never changed.</param>
internal sealed record ColumnPlan(SourceColumn Column, bool IsRewritten, bool IsBlob, bool IsLocked, long MaxBytes, long MaxCharacters)
{
    private static readonly string[] Credentials = ["user_login", "user_email", "user_pass", "user_activation_key", "session_tokens"];

    /// <summary>Of no account where it is asked whether somebody worked on the site, or whether all arrived at it.</summary>
    internal bool IsLeftOut { get; init; }

    /// <summary>Types whose text is the same on every server and version, so that their sums can be compared.</summary>
    internal bool IsCompared => !IsLeftOut && Column.DataType is not ("float" or "double" or "real" or "bit" or "geometry" or "point" or "linestring" or "polygon"
        or "multipoint" or "multilinestring" or "multipolygon" or "geometrycollection" or "geomcollection" or "vector");

    /// <summary>
    /// How a value of the wire becomes one of the column, where bytes alone do not say it: a BIT column takes the text '513' for three bytes and
    /// fills up with ones, an address type takes binary text for the address itself. Null for all others.
    /// </summary>
    internal string? Load(string variable) => Column.DataType switch
    {
        "bit" => $"CAST({variable} AS UNSIGNED)",
        "inet4" or "inet6" or "uuid" => $"CONVERT({variable} USING utf8mb4)",
        _ => null,
    };

    internal static ColumnPlan Of(SourceTable table, SourceColumn column, HashSet<string> uniqueColumns, bool rewritesNames = false)
    {
        var (bytes, characters) = Room(column);
        var blob = column.DataType.EndsWith("blob", StringComparison.Ordinal);
        var rewritten = bytes > 0 && !Credentials.Contains(column.Name, StringComparer.OrdinalIgnoreCase) && (rewritesNames || !IsGuid(table, column));
        var locked = uniqueColumns.Contains(column.Name) || table.Key.Contains(column.Name, StringComparer.OrdinalIgnoreCase);
        return new ColumnPlan(column, rewritten, blob, locked, bytes, characters);
    }

    /// <summary>The guid of a post looks like an address and is a name, by which feed readers know what they have read.</summary>
    private static bool IsGuid(SourceTable table, SourceColumn column) =>
        column.Name == "guid" && table.Columns.Any(other => other.Name == "post_type");

    /// <summary>Gives the value for the clone, or null where it stays as it is.</summary>
    internal byte[]? Rewrite(ContentRewriter rewriter, ReadOnlySpan<byte> value, string table, ImportWarnings warnings)
    {
        if (!IsRewritten || value.Length < 8) return null;
        var rewritten = rewriter.IsMatch(value) ? RewriteFound(rewriter, value, table, warnings) : null;
        if (rewriter.IsSpelledOut(rewritten is null ? value : rewritten))
            warnings.Count("Addresses of the source stay that are written letter by letter, as entities or escapes", $"{table}.{Column.Name}");
        return rewritten;
    }

    private byte[]? RewriteFound(ContentRewriter rewriter, ReadOnlySpan<byte> value, string table, ImportWarnings warnings)
    {
        if (IsBlob && !Utf8.IsValid(value)) return null;
        if (IsLocked)
        {
            warnings.Count("Addresses of the source stay in columns with unique values", $"{table}.{Column.Name}");
            return null;
        }

        var rewritten = rewriter.Rewrite(value);
        if (rewritten is null || Fits(rewritten)) return rewritten;
        warnings.Count("Addresses of the source stay where the clone's longer one finds no room", $"{table}.{Column.Name}");
        return null;
    }

    private bool Fits(byte[] value)
    {
        if (value.Length > MaxBytes) return false;
        if (value.Length <= MaxCharacters) return true;
        var continuations = Column.Charset.StartsWith("utf8", StringComparison.Ordinal) ? value.Count(part => (part & 0xc0) == 0x80) : 0;
        return value.Length - continuations <= MaxCharacters;
    }

    private static (long Bytes, long Characters) Room(SourceColumn column)
    {
        var declared = Declared(column.ColumnType);
        return column.DataType switch
        {
            "char" or "varchar" => (65535, declared),
            "tinytext" or "tinyblob" => (255, 255),
            "text" or "blob" => (65535, 65535),
            "mediumtext" or "mediumblob" => (0xffffff, 0xffffff),
            "longtext" or "longblob" or "json" => (uint.MaxValue, uint.MaxValue),
            _ => (0, 0),
        };
    }

    private static long Declared(string columnType)
    {
        var open = columnType.IndexOf('(', StringComparison.Ordinal);
        var close = columnType.IndexOf(')', StringComparison.Ordinal);
        return open > 0 && close > open && long.TryParse(columnType.AsSpan((open + 1)..close), NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            ? length
            : 0;
    }
}
