using System.Globalization;
using System.Text.RegularExpressions;
using CloneHub.Provisioning.WordPress.Import;

namespace CloneHub.Provisioning.WordPress.Restore;

/// <summary>One table that the site gets from its clone.</summary>
/// <param name="CreateSql">How it is made, with {table} for its name; null where it is made like the one it takes the place of.</param>
/// <param name="Replaces">The site has a table of that name.</param>
internal sealed record RestoredTable(SourceTable Table, string? CreateSql, long AutoIncrement, bool Replaces)
{
    public string Name => Table.Name;
}

/// <summary>Which tables a site gets, and which stay its own.</summary>
internal sealed partial class RestoredTables
{
    /// <summary>Who may log in, and with which password or key, is the site's business alone.</summary>
    private static readonly string[] Users = ["users", "usermeta", "woocommerce_api_keys"];

    /// <summary>Every log-in changes it.</summary>
    private const string Sessions = "usermeta";

    private readonly string _prefix;
    private readonly IReadOnlyList<string> _asked;
    private readonly List<RestoredTable> _tables = [];
    private readonly List<string> _kept = [];
    private readonly List<string> _obstacles = [];
    private readonly List<string> _warnings = [];

    /// <param name="asked">Tables that stay because somebody asked for it.</param>
    public RestoredTables(SourceSchema clone, SourceSchema target, string prefix, IReadOnlyList<string>? asked = null)
    {
        (_prefix, _asked) = (prefix, asked ?? []);
        _obstacles.AddRange(_asked.Except(target.Tables.Select(table => table.Name)).Select(name => $"it has no table {name} to keep"));
        var there = target.Tables.ToDictionary(table => table.Name, StringComparer.Ordinal);
        foreach (var table in clone.Tables.Where(table => !table.IsView)) Add(table, there.GetValueOrDefault(table.Name));
        _kept.AddRange(there.Values.Where(table => !table.IsView && clone.Tables.All(other => other.Name != table.Name)).Select(table => table.Name));
        foreach (var table in _kept.Select(name => there[name])) RequireFree(table);
        var triggered = target.Triggers.Select(trigger => trigger.Table).Where(name => _tables.Any(table => table.Name == name)).Distinct().ToList();
        if (triggered.Count > 0) _obstacles.Add($"its tables {string.Join(", ", triggered)} have triggers");
    }

    public IReadOnlyList<RestoredTable> Tables => _tables;

    /// <summary>Tables that stay as they are.</summary>
    public IReadOnlyList<string> Kept => _kept;

    public IReadOnlyList<string> Obstacles => _obstacles;

    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>The name without the site's prefix.</summary>
    public string BareName(string table) => table.StartsWith(_prefix, StringComparison.Ordinal) ? table[_prefix.Length..] : table;

    /// <summary>Whether a table changes while nobody works on the site.</summary>
    public bool ChangesByItself(string table) => BareName(table) is var name && (name == Sessions || ProtectedPlugins.HasTable(name));

    private void Add(SourceTable clone, SourceTable? target)
    {
        var name = BareName(clone.Name);
        if (Users.Contains(name) || ProtectedPlugins.HasTable(name) || _asked.Contains(clone.Name))
        {
            if (target is not null) _kept.Add(clone.Name);
            return;
        }

        if (target is { IsView: true }) _obstacles.Add($"{clone.Name} is a view there");
        TableDdl.RequireTable(clone.Name, clone.CreateSql);
        var isAlike = target is not null && IsAlike(clone, target);
        if (isAlike && Reference().IsMatch(target!.CreateSql)) _warnings.Add($"{clone.Name}: its foreign keys were left out");
        _tables.Add(new RestoredTable(isAlike ? AsThere(clone, target!) : clone, isAlike ? null : Definition(clone), Math.Max(AutoIncrementOf(clone), target is null ? 0 : AutoIncrementOf(target)), target is not null));
    }

    /// <summary>What refers to a table goes on doing so when that gets another name: it would be bound to what was laid aside.</summary>
    private void RequireFree(SourceTable kept)
    {
        var bound = Reference().Matches(kept.CreateSql).Select(found => found.Groups[1].Value.Replace("``", "`", StringComparison.Ordinal))
            .Where(name => _tables.Any(table => table.Replaces && string.Equals(table.Name, name, StringComparison.OrdinalIgnoreCase))).Distinct().ToList();
        if (bound.Count > 0) _obstacles.Add($"its table {kept.Name}, which stays, refers to {string.Join(", ", bound)} by foreign keys");
    }

    /// <summary>What the one holds finds room in the other. Servers differ in whether they tell the width in which a whole number is shown, in what they call the older UTF-8, and in what JSON is.</summary>
    private static bool IsAlike(SourceTable one, SourceTable other) => one.Columns.Select(column => Shape(one, column)).SequenceEqual(other.Columns.Select(column => Shape(other, column)));

    private static (string Name, string DataType, string Type, string Charset, bool IsGenerated) Shape(SourceTable table, SourceColumn column) => TableDdl.IsJson(table, column)
        ? (column.Name, "json", "", "", column.IsGenerated)
        : (column.Name, column.DataType, ShownWidth().Replace(column.ColumnType, "$1"), column.Charset == "utf8" ? "utf8mb3" : column.Charset, column.IsGenerated);

    /// <summary>With JSON where the site has it as a type, which takes no bytes.</summary>
    private static SourceTable AsThere(SourceTable clone, SourceTable target) =>
        clone with { Columns = [.. clone.Columns.Zip(target.Columns, (ours, theirs) => theirs.DataType == "json" ? theirs : ours)] };

    private string Definition(SourceTable table)
    {
        var sql = TableDdl.Table(table.Name, table.CreateSql, _warnings.Add);
        var lines = sql.Split('\n').ToList();
        if (lines.RemoveAll(ForeignKey().IsMatch) > 0)
        {
            _warnings.Add($"{table.Name}: its foreign keys were left out");
            lines[^2] = lines[^2].TrimEnd().TrimEnd(',');
        }

        return TableName().Replace(string.Join('\n', lines), "CREATE TABLE {table}", 1);
    }

    private static long AutoIncrementOf(SourceTable table) =>
        AutoIncrement().Match(table.CreateSql) is { Success: true } found ? long.Parse(found.Groups[1].Value, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"\A\s*CREATE TABLE `(?:[^`]|``)*`", RegexOptions.IgnoreCase)]
    private static partial Regex TableName();

    [GeneratedRegex(@"\bFOREIGN KEY \([^)]*\) REFERENCES `((?:[^`]|``)*)` ")]
    private static partial Regex Reference();

    [GeneratedRegex(@"^((?:tiny|small|medium|big)?int|year)\(\d+\)", RegexOptions.IgnoreCase)]
    private static partial Regex ShownWidth();

    [GeneratedRegex(@"^\s*CONSTRAINT `(?:[^`]|``)*` FOREIGN KEY ")]
    private static partial Regex ForeignKey();

    [GeneratedRegex(@"^\).*\bAUTO_INCREMENT=(\d+)", RegexOptions.Multiline)]
    private static partial Regex AutoIncrement();
}
