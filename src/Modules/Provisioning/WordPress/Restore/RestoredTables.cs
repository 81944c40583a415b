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
    /// <summary>Who may log in, and with which password, is the site's business alone.</summary>
    private static readonly string[] Users = ["users", "usermeta"];

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
        _tables.Add(new RestoredTable(clone, isAlike ? null : Definition(clone), Math.Max(AutoIncrementOf(clone), target is null ? 0 : AutoIncrementOf(target)), target is not null));
    }

    private static bool IsAlike(SourceTable one, SourceTable other) =>
        one.Columns.Select(column => (column.Name, column.DataType, column.IsGenerated)).SequenceEqual(other.Columns.Select(column => (column.Name, column.DataType, column.IsGenerated)));

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

    [GeneratedRegex(@"^\s*CONSTRAINT `(?:[^`]|``)*` FOREIGN KEY ")]
    private static partial Regex ForeignKey();

    [GeneratedRegex(@"^\).*\bAUTO_INCREMENT=(\d+)", RegexOptions.Multiline)]
    private static partial Regex AutoIncrement();
}
