namespace CloneHub.Provisioning.WordPress;

/// <summary>The site's own tables, those whose names begin with its prefix, and what was left aside.</summary>
/// <param name="LeftOut">Tables of the same database that do not carry the site's prefix.</param>
/// <param name="Routines">Procedures, functions and events of the database, by kind and name.</param>
internal sealed record SourceSchema(
    IReadOnlyList<SourceTable> Tables,
    IReadOnlyList<SourceTrigger> Triggers,
    IReadOnlyList<string> LeftOut,
    IReadOnlyList<string>? Routines = null);

/// <param name="Key">Columns of the primary key, else of a unique key without nullable columns; empty if there is none.</param>
/// <param name="CreateSql">Answer of SHOW CREATE TABLE or SHOW CREATE VIEW, untouched.</param>
/// <param name="ApproximateRows">The engine's estimate.</param>
/// <param name="ApproximateBytes">Data length by the engine's estimate, without indexes.</param>
internal sealed record SourceTable(
    string Name,
    bool IsView,
    string Engine,
    string Collation,
    IReadOnlyList<SourceColumn> Columns,
    IReadOnlyList<string> Key,
    string CreateSql,
    long ApproximateRows,
    long ApproximateBytes)
{
    /// <summary>Everything that has to be copied of this table: its stored columns in their order.</summary>
    public DumpRequest ToDumpRequest() =>
        new(Name, [.. Columns.Where(column => !column.IsGenerated).Select(column => column.Name)], Key);
}

/// <param name="DataType">Lower case without length: "varchar", "bit", "json".</param>
/// <param name="ColumnType">With length and attributes: "varchar(191)", "bigint(20) unsigned".</param>
/// <param name="Charset">Empty for columns that hold no text.</param>
internal sealed record SourceColumn(string Name, string DataType, string ColumnType, string Charset, bool IsGenerated);

internal sealed record SourceTrigger(string Name, string Table, string CreateSql);
