namespace CloneHub.Provisioning.WordPress;

/// <summary>A table to be sent: which columns, and by which key it is paged. Without a key it is paged by position.</summary>
internal sealed record DumpRequest(string Table, IReadOnlyList<string> Columns, IReadOnlyList<string> Key);

/// <summary>One part of a dump. Per table: <see cref="TableStarted"/>, any number of <see cref="TableRows"/>, <see cref="TableEnded"/>.</summary>
internal abstract record DumpItem(string Table);

internal sealed record TableStarted(string Table) : DumpItem(Table);

/// <summary>Complete rows in the order of the requested columns. The batch is valid until the next item is asked for.</summary>
internal sealed record TableRows(string Table, RowBatch Batch) : DumpItem(Table);

/// <param name="Rows">Rows sent of this table.</param>
/// <param name="Counted">Rows that the source counted afterwards; null if that took too long.</param>
internal sealed record TableEnded(string Table, long Rows, long? Counted) : DumpItem(Table)
{
    /// <summary>The table may have changed while it was read, or not all of it could be.</summary>
    public bool IsTorn => Counted is { } counted && counted != Rows;
}
