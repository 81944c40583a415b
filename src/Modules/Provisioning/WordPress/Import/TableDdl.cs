using System.Text;
using System.Text.RegularExpressions;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>Definitions of tables, views and triggers as the source prints them, put into words that MariaDB understands.</summary>
internal static partial class TableDdl
{
    private static readonly HashSet<string> Engines =
        new(["InnoDB", "MyISAM", "Aria", "MEMORY", "CSV"], StringComparer.OrdinalIgnoreCase);

    /// <summary>MySQL names languages by their code, MariaDB in words.</summary>
    private static readonly Dictionary<string, string> Languages = new(StringComparer.Ordinal)
    {
        ["cs"] = "czech",
        ["da"] = "danish",
        ["de_pb"] = "german2",
        ["eo"] = "esperanto",
        ["es"] = "spanish",
        ["es_trad"] = "spanish2",
        ["et"] = "estonian",
        ["hr"] = "croatian",
        ["hu"] = "hungarian",
        ["is"] = "icelandic",
        ["la"] = "roman",
        ["lt"] = "lithuanian",
        ["lv"] = "latvian",
        ["pl"] = "polish",
        ["ro"] = "romanian",
        ["sk"] = "slovak",
        ["sl"] = "slovenian",
        ["sv"] = "swedish",
        ["tr"] = "turkish",
        ["vi"] = "vietnamese",
    };

    /// <summary>Translates a CREATE TABLE; <paramref name="note"/> is told what could not be kept.</summary>
    internal static string Table(string name, string createSql, Action<string> note)
    {
        var sql = UnknownOption().Replace(WithoutFunctionalIndexes(name, createSql, note), "");
        return OutsideQuotes(sql, part =>
        {
            part = Invisible().Replace(part, "INVISIBLE");
            part = NewCollation().Replace(part, match => Collation(name, match, note));
            return EngineOption().Replace(part, match => Engine(name, match, note));
        });
    }

    /// <summary>Without its definer a view or a trigger belongs to the clone's own user; the source's accounts do not exist here.</summary>
    internal static string WithoutDefiner(string createSql) => Definer().Replace(createSql, " ", 1);

    internal static void RequireTable(string name, string createSql)
    {
        if (!TableStart().IsMatch(createSql)) throw ImportFault.Refused($"The source's definition of {name} makes no table.");
    }

    /// <summary>A CREATE VIEW or CREATE TRIGGER for the clone's own user.</summary>
    internal static string Dependent(string name, string createSql)
    {
        var sql = WithoutDefiner(createSql);
        return DependentStart().IsMatch(sql) ? sql : throw ImportFault.Refused($"The source's definition of {name} makes no view and no trigger.");
    }

    internal static string Quote(string name) => $"`{name.Replace("`", "``", StringComparison.Ordinal)}`";

    /// <summary>Columns of all unique keys and the primary key, as SHOW CREATE TABLE prints them.</summary>
    internal static HashSet<string> UniqueColumns(string createSql)
    {
        var columns = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (Match key in UniqueKey().Matches(createSql))
            foreach (Match column in QuotedName().Matches(key.Groups["columns"].Value))
                columns.Add(column.Groups["name"].Value.Replace("``", "`", StringComparison.Ordinal));
        return columns;
    }

    private static string WithoutFunctionalIndexes(string table, string sql, Action<string> note)
    {
        var lines = sql.Split('\n').ToList();
        foreach (var line in lines.ToArray())
        {
            if (!FunctionalIndex().IsMatch(line)) continue;
            note($"{table}: an index over an expression was left out, MariaDB has none ({line.Trim().TrimEnd(',')})");
            var at = lines.IndexOf(line);
            lines.RemoveAt(at);

            // The definition before a dropped last one must not end with a comma.
            if (at > 0 && !line.TrimEnd().EndsWith(',')) lines[at - 1] = lines[at - 1].TrimEnd().TrimEnd(',');
        }

        return string.Join('\n', lines);
    }

    private static string Collation(string table, Match match, Action<string> note)
    {
        var language = match.Groups["language"].Value.TrimEnd('_');
        var strength = match.Groups["strength"].Value;
        if (strength == "bin") return "utf8mb4_nopad_bin";
        if (language.Length == 0) return $"utf8mb4_uca1400_nopad_{strength}";
        if (Languages.TryGetValue(language, out var word)) return $"utf8mb4_uca1400_{word}_nopad_{strength}";
        note($"{table}: the order of {match.Value} was replaced by the general one");
        return $"utf8mb4_uca1400_nopad_{strength}";
    }

    private static string Engine(string table, Match match, Action<string> note)
    {
        var engine = match.Groups["engine"].Value;
        if (Engines.Contains(engine)) return match.Value;
        note($"{table}: storage engine {engine} was replaced by InnoDB");
        return "ENGINE=InnoDB";
    }

    private static string OutsideQuotes(string sql, Func<string, string> change)
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

    [GeneratedRegex(@"'(?:[^'\\]|\\.|'')*'|`(?:[^`]|``)*`|""(?:[^""\\]|\\.|"""")*""", RegexOptions.Singleline)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\A\s*CREATE TABLE\s", RegexOptions.IgnoreCase)]
    private static partial Regex TableStart();

    [GeneratedRegex(@"\A\s*CREATE (?:ALGORITHM\s*=\s*\w+\s+)?(?:SQL SECURITY \w+\s+)?(?:VIEW|TRIGGER)\s", RegexOptions.IgnoreCase)]
    private static partial Regex DependentStart();

    [GeneratedRegex(@"/\*!800\d\d INVISIBLE \*/")]
    private static partial Regex Invisible();

    /// <summary>Places on the source's disk and features of its server. In a comment the quotes would be doubled.</summary>
    [GeneratedRegex(@"\s(?:DATA DIRECTORY|INDEX DIRECTORY|ENCRYPTION|SECONDARY_ENGINE)\s?=\s?'[^']+'(?!')")]
    private static partial Regex UnknownOption();

    [GeneratedRegex(@"\butf8mb4_(?<language>(?:[a-z]{2,3}_)?(?:[a-z]+_)?)0900_(?<strength>ai_ci|as_ci|as_cs|bin)\b")]
    private static partial Regex NewCollation();

    [GeneratedRegex(@"\bENGINE=(?<engine>\w+)")]
    private static partial Regex EngineOption();

    [GeneratedRegex(@"^\s*(?:UNIQUE |FULLTEXT |SPATIAL )?KEY `(?:[^`]|``)*` \((?:.*,\s*)?\(")]
    private static partial Regex FunctionalIndex();

    [GeneratedRegex(@"\s+DEFINER\s*=\s*(?:`(?:[^`]|``)*`|'[^']*'|\w+)\s*@\s*(?:`(?:[^`]|``)*`|'[^']*'|[\w.%]+)\s+", RegexOptions.IgnoreCase)]
    private static partial Regex Definer();

    [GeneratedRegex(@"^\s*(?:PRIMARY KEY|UNIQUE KEY `(?:[^`]|``)*`) \((?<columns>.*)\)", RegexOptions.Multiline)]
    private static partial Regex UniqueKey();

    [GeneratedRegex(@"`(?<name>(?:[^`]|``)*)`")]
    private static partial Regex QuotedName();
}
