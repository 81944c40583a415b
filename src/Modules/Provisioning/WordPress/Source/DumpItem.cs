namespace CloneHub.Provisioning.WordPress;

/// <summary>Whether a dump shows one moment of the source.</summary>
internal enum DumpConsistency
{
    /// <summary>All tables came from one transaction.</summary>
    Snapshot,

    /// <summary>The dump took several transactions, or a table's engine has none.</summary>
    Fuzzy,
}

/// <summary>A table to be sent: which columns, and by which key it is paged. Without a key it is paged by position.</summary>
internal sealed record DumpRequest(string Table, IReadOnlyList<string> Columns, IReadOnlyList<string> Key)
{
    /// <summary>Where an earlier dump of the table has come to; null for the whole of it.</summary>
    public DumpPosition? From { get; init; }

    /// <summary>Null for all rows.</summary>
    public KeyRange? Range { get; init; }
}

/// <summary>Some of a table's rows, by a key that is one column of whole numbers.</summary>
/// <param name="Above">Keys are greater than this; null for those from the first on.</param>
/// <param name="Until">The greatest key; null for those to the last.</param>
internal readonly record struct KeyRange(long? Above, long? Until);

/// <summary>How far a table has been read.</summary>
/// <param name="After">Values of the key in the last row that was read; empty where the table is paged by position.</param>
internal sealed record DumpPosition(long Rows, IReadOnlyList<byte[]> After);

/// <summary>One part of a dump. Per table: <see cref="TableStarted"/>, any number of <see cref="TableRows"/>, <see cref="TableEnded"/>.</summary>
internal abstract record DumpItem(string Table);

internal sealed record TableStarted(string Table) : DumpItem(Table);

/// <summary>Complete rows in the order of the requested columns. The batch is valid until the next item is asked for.</summary>
/// <param name="Position">After these rows.</param>
internal sealed record TableRows(string Table, RowBatch Batch, DumpPosition Position) : DumpItem(Table);

/// <param name="Rows">Rows of this table, those of earlier dumps that it was gone on from among them.</param>
/// <param name="Counted">Rows that the source counted afterwards; null if that took too long.</param>
internal sealed record TableEnded(string Table, long Rows, long? Counted) : DumpItem(Table)
{
    /// <summary>The table may have changed while it was read, or not all of it could be.</summary>
    public bool IsTorn => Counted is { } counted && counted != Rows;
}
