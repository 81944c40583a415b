using System.Text.RegularExpressions;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>What only MySQL has in its definitions, put into words of MariaDB or left out.</summary>
internal static partial class MySqlDdl
{
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

    /// <summary>The columns, keys and rules of a CREATE TABLE, one a line. <paramref name="note"/> is told what could not be kept.</summary>
    internal static string Lines(string table, string createSql, Action<string> note)
    {
        var lines = new List<string>();
        foreach (var line in createSql.Split('\n'))
        {
            if (WhyLeftOut(line) is not { } why)
            {
                lines.Add(ForColumn().IsMatch(line) ? Column(table, line, note) : Key(table, line, note));
                continue;
            }

            note($"{table}: {why} ({line.Trim().TrimEnd(',')})");

            // The definition before a dropped last one must not end with a comma.
            if (lines.Count > 0 && !line.TrimEnd().EndsWith(',')) lines[^1] = lines[^1].TrimEnd().TrimEnd(',');
        }

        return string.Join('\n', lines);
    }

    /// <summary>Orders of text, in a part of a definition that is not quoted.</summary>
    internal static string Collations(string name, string part, Action<string> note) => NewCollation().Replace(part, match => Collation(name, match, note));

    private static string? WhyLeftOut(string line)
    {
        if (FunctionalIndex().IsMatch(line)) return "an index over an expression was left out, MariaDB has none";
        return UnenforcedRule().IsMatch(line) ? "a rule that is not enforced was left out, MariaDB would enforce it" : null;
    }

    private static string Column(string table, string line, Action<string> note)
    {
        line = TableDdl.OutsideQuotes(line, part => Storage().Replace(part, ""));
        var words = TableDdl.WithoutQuoted(line);
        if (!Invisible().IsMatch(words)) return line;
        if (!words.Contains(" NOT NULL", StringComparison.Ordinal) || HasValue().IsMatch(words)) return TableDdl.OutsideQuotes(line, part => Invisible().Replace(part, " INVISIBLE"));
        note($"{table}: an invisible column that needs a value became visible, MariaDB hides no such ({line.Trim().TrimEnd(',')})");
        return TableDdl.OutsideQuotes(line, part => Invisible().Replace(part, ""));
    }

    private static string Key(string table, string line, Action<string> note)
    {
        if (Parser().IsMatch(line)) note($"{table}: the parser of a full-text index was left out ({line.Trim().TrimEnd(',')})");
        return TableDdl.OutsideQuotes(Parser().Replace(line, ""), part => Invisible().Replace(part, " IGNORED"));
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

    [GeneratedRegex(@"^\s*`")]
    private static partial Regex ForColumn();

    [GeneratedRegex(@" /\*!800\d\d INVISIBLE \*/")]
    private static partial Regex Invisible();

    [GeneratedRegex(@" (?:DEFAULT|AUTO_INCREMENT|GENERATED ALWAYS AS)\b")]
    private static partial Regex HasValue();

    /// <summary>Hints to an engine of MySQL; unlike those of its later versions MariaDB reads them.</summary>
    [GeneratedRegex(@"/\*!50606 (?:COLUMN_FORMAT|STORAGE) \w+ \*/ ?")]
    private static partial Regex Storage();

    [GeneratedRegex(@"(?<=^\s*FULLTEXT KEY .*\)) /\*!50100 WITH PARSER `[^`]+` \*/")]
    private static partial Regex Parser();

    [GeneratedRegex(@"\butf8mb4_(?<language>(?:[a-z]{2,3}_)?(?:[a-z]+_)?)0900_(?<strength>ai_ci|as_ci|as_cs|bin)(?:_ks)?\b")]
    private static partial Regex NewCollation();

    [GeneratedRegex(@"^\s*(?:UNIQUE |FULLTEXT |SPATIAL )?KEY `(?:[^`]|``)*` \((?:.*,\s*)?\(")]
    private static partial Regex FunctionalIndex();

    [GeneratedRegex(@"^\s*CONSTRAINT `(?:[^`]|``)*` CHECK .*/\*!80016 NOT ENFORCED \*/,?\s*$")]
    private static partial Regex UnenforcedRule();
}
