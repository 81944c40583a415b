using System.Globalization;
using System.Text;

namespace CloneHub.Provisioning.WordPress.PublicSite;

/// <summary>
/// What a robots.txt lets us read, by RFC 9309: the group that names us, else the one of everybody; the longest rule that matches decides,
/// and of two equally long ones the one that allows. <c>Crawl-delay</c> is no part of the RFC and is kept all the same.
/// </summary>
internal sealed class RobotsRules
{
    /// <summary>The name that a robots.txt knows us by.</summary>
    internal const string Agent = "CloneHub";

    internal static readonly RobotsRules AllowAll = new([], TimeSpan.Zero);

    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);
    private readonly (string Pattern, bool Allows)[] _rules;

    private RobotsRules(IEnumerable<(string Pattern, bool Allows)> rules, TimeSpan delay)
    {
        _rules = [.. rules.OrderByDescending(rule => Encoding.UTF8.GetByteCount(rule.Pattern)).ThenByDescending(rule => rule.Allows)];
        Delay = delay;
    }

    /// <summary>Time between two requests that the site asks for, at most 30 seconds.</summary>
    internal TimeSpan Delay { get; }

    internal static RobotsRules Parse(string text)
    {
        var groups = GroupsOf(text);
        var ours = groups.Where(group => group.Agents.Contains(Agent, StringComparer.OrdinalIgnoreCase)).ToList();
        if (ours.Count == 0) ours = [.. groups.Where(group => group.Agents.Contains("*"))];
        return new RobotsRules(ours.SelectMany(group => group.Rules), ours.Select(group => group.Delay).Append(TimeSpan.Zero).Max());
    }

    internal bool Allows(Uri address)
    {
        var path = Normal(address.PathAndQuery);
        if (path == "/robots.txt") return true;
        foreach (var (pattern, allows) in _rules)
            if (IsMatch(path, pattern)) return allows;
        return true;
    }

    private static List<Group> GroupsOf(string text)
    {
        var groups = new List<Group>();
        var isNamed = false;
        foreach (var line in text.TrimStart('\uFEFF').Split('\n', '\r'))
        {
            var content = line.Split('#')[0];
            var colon = content.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0) continue;
            var (key, value) = (content[..colon].Trim().ToLowerInvariant(), content[(colon + 1)..].Trim());
            if (key == "user-agent")
            {
                // Names in a row share the rules that follow; a name after rules begins a new group.
                if (!isNamed) groups.Add(new Group());
                groups[^1].Agents.Add(AgentOf(value));
                isNamed = true;
            }
            else if (groups.Count > 0 && key is ("allow" or "disallow" or "crawl-delay"))
            {
                isNamed = false;
                groups[^1].Take(key, value);
            }
        }

        return groups;
    }

    /// <summary>A product token has letters, dashes and underscores only: "CloneHub/1.0" means CloneHub.</summary>
    private static string AgentOf(string value) =>
        value.StartsWith('*') ? "*" : new string([.. value.TakeWhile(letter => char.IsAsciiLetter(letter) || letter is '-' or '_')]);

    private static bool IsMatch(string path, string pattern)
    {
        var anchored = pattern.EndsWith('$');
        var parts = (anchored ? pattern[..^1] : pattern).Split('*');
        if (!path.StartsWith(parts[0], StringComparison.Ordinal)) return false;
        var at = parts[0].Length;
        for (var i = 1; i < parts.Length; i++)
        {
            var isLast = i == parts.Length - 1;
            if (anchored && isLast) return path.Length - parts[i].Length >= at && path.EndsWith(parts[i], StringComparison.Ordinal);
            var found = path.IndexOf(parts[i], at, StringComparison.Ordinal);
            if (found < 0) return false;
            at = found + parts[i].Length;
        }

        return !anchored || at == path.Length;
    }

    /// <summary>Both sides in the same encoding: what need not be escaped is not, and hexadecimal digits are upper case.</summary>
    private static string Normal(string path) => string.Join('/', path.Split('/').Select(part => string.Concat(part.Split('%').Select(Piece))));

    private static string Piece(string piece, int index)
    {
        if (index == 0) return Escape(piece);
        if (piece.Length < 2 || !byte.TryParse(piece.AsSpan(0, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)) return "%" + Escape(piece);
        var letter = (char)value;
        var plain = char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.' or '_' or '~';
        return (plain ? letter.ToString() : "%" + piece[..2].ToUpperInvariant()) + Escape(piece[2..]);
    }

    private static string Escape(string text) =>
        string.Concat(text.EnumerateRunes().Select(rune => rune.IsAscii ? rune.ToString() : Uri.EscapeDataString(rune.ToString())));

    private sealed class Group
    {
        internal List<string> Agents { get; } = [];

        internal List<(string Pattern, bool Allows)> Rules { get; } = [];

        internal TimeSpan Delay { get; private set; }

        internal void Take(string key, string value)
        {
            if (key == "crawl-delay")
            {
                if (double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds))
                    Delay = TimeSpan.FromSeconds(Math.Min(seconds, LongestDelay.TotalSeconds));
            }
            else if (value.StartsWith('/') || value.StartsWith('*'))
            {
                Rules.Add((Normal(value), key == "allow"));
            }
        }
    }
}
