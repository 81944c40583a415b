using System.Text;
using System.Text.RegularExpressions;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>Definitions of tables, views and triggers as the source prints them, put into words that MariaDB understands.</summary>
internal static partial class TableDdl
{
    private static readonly HashSet<string> Engines =
        new(["InnoDB", "MyISAM", "Aria", "MEMORY", "CSV"], StringComparer.OrdinalIgnoreCase);

    /// <summary>Translates a CREATE TABLE; <paramref name="note"/> is told what could not be kept.</summary>
    internal static string Table(string name, string createSql, Action<string> note)
    {
        var sql = UnknownOption().Replace(MySqlDdl.Lines(name, createSql, note), "");
        return OutsideQuotes(sql, part => EngineOption().Replace(MySqlDdl.Collations(name, part, note), match => Engine(name, match, note)));
    }

    /// <summary>Without its definer a view or a trigger belongs to the clone's own user; the source's accounts do not exist here.</summary>
    internal static string WithoutDefiner(string createSql) => Definer().Replace(createSql, " ", 1);

    internal static void RequireTable(string name, string createSql)
    {
        if (!TableStart().IsMatch(createSql)) throw ImportFault.Refused($"The source's definition of {name} makes no table.");
    }

    /// <summary>A CREATE VIEW or CREATE TRIGGER for the clone's own user.</summary>
    internal static string Dependent(string name, string createSql, Action<string> note)
    {
        var sql = OutsideQuotes(WithoutDefiner(createSql), part => MySqlDdl.Collations(name, part, note));
        return DependentStart().IsMatch(sql) ? sql : throw ImportFault.Refused($"The source's definition of {name} makes no view and no trigger.");
    }

    internal static string Quote(string name) => $"`{name.Replace("`", "``", StringComparison.Ordinal)}`";

    /// <summary>Whether a column holds JSON: on MySQL a type of its own, on MariaDB text with a rule.</summary>
    internal static bool IsJson(SourceTable table, SourceColumn column) =>
        column.DataType == "json" || (column.DataType == "longtext" && table.CreateSql.Contains($"CHECK (json_valid({Quote(column.Name)}))", StringComparison.Ordinal));

    /// <summary>Columns of all unique keys and the primary key, as SHOW CREATE TABLE prints them.</summary>
    internal static HashSet<string> UniqueColumns(string createSql)
    {
        var columns = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (Match key in UniqueKey().Matches(createSql))
            foreach (Match column in QuotedName().Matches(key.Groups["columns"].Value))
                columns.Add(column.Groups["name"].Value.Replace("``", "`", StringComparison.Ordinal));
        return columns;
    }

    internal static string WithoutQuoted(string sql) => Quoted().Replace(sql, "");

    internal static string OutsideQuotes(string sql, Func<string, string> change)
    {
        var output = new StringBuilder(sql.Length + 64);
        var done = 0;
        foreach (Match quoted in Quoted().Matches(sql))
        {
            output.Append(change(sql[done..quoted.Index])).Append(quoted.Value);
            done = quoted.Index + quoted.Length;
        }

        return output.Append(change(sql[done..])).ToString();
    }

    private static string Engine(string table, Match match, Action<string> note)
    {
        var engine = match.Groups["engine"].Value;
        if (Engines.Contains(engine)) return match.Value;
        note($"{table}: storage engine {engine} was replaced by InnoDB");
        return "ENGINE=InnoDB";
    }

    [GeneratedRegex(@"'(?:[^'\\]|\\.|'')*'|`(?:[^`]|``)*`|""(?:[^""\\]|\\.|"""")*""", RegexOptions.Singleline)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\A\s*CREATE TABLE\s", RegexOptions.IgnoreCase)]
    private static partial Regex TableStart();

    [GeneratedRegex(@"\A\s*CREATE (?:ALGORITHM\s*=\s*\w+\s+)?(?:SQL SECURITY \w+\s+)?(?:VIEW|TRIGGER)\s", RegexOptions.IgnoreCase)]
    private static partial Regex DependentStart();

    /// <summary>Places on the source's disk and features of its server. In a comment the quotes would be doubled.</summary>
    [GeneratedRegex(@"\s(?:DATA DIRECTORY|INDEX DIRECTORY|ENCRYPTION|SECONDARY_ENGINE)\s?=\s?'[^']+'(?!')")]
    private static partial Regex UnknownOption();

    [GeneratedRegex(@"\bENGINE=(?<engine>\w+)")]
    private static partial Regex EngineOption();

    [GeneratedRegex(@"\s+DEFINER\s*=\s*(?:`(?:[^`]|``)*`|'[^']*'|\w+)\s*@\s*(?:`(?:[^`]|``)*`|'[^']*'|[\w.%]+)\s+", RegexOptions.IgnoreCase)]
    private static partial Regex Definer();

    [GeneratedRegex(@"^\s*(?:PRIMARY KEY|UNIQUE KEY `(?:[^`]|``)*`) \((?<columns>.*)\)", RegexOptions.Multiline)]
    private static partial Regex UniqueKey();

    [GeneratedRegex(@"`(?<name>(?:[^`]|``)*)`")]
    private static partial Regex QuotedName();
}
