using System.Text.RegularExpressions;
using CloneHub.Dev;

namespace CloneHub.EndToEnd.Tests;

/// <summary>A fenced block of a page.</summary>
/// <param name="Mark">The comment on the line before it; empty if there is none.</param>
internal sealed record ReadmeBlock(string Language, string Text, string Mark);

/// <summary>
/// README.md as its reader finds it. A comment before a block of commands says what the tests do with it: <c>runs</c>,
/// <c>runs until completed</c>, or <c>runs: … yours</c> for a block of values that every reader replaces.
/// </summary>
internal static partial class Readme
{
    public static string Text { get; } = File.ReadAllText(Repository.Path("README.md"));

    public static IReadOnlyList<ReadmeBlock> Blocks { get; } =
        [.. Fence().Matches(Text).Select(m => new ReadmeBlock(m.Groups["language"].Value, m.Groups["text"].Value, m.Groups["mark"].Value))];

    /// <summary>The rows of the table whose first column is called so, cells without their backticks.</summary>
    public static IReadOnlyList<string[]> Table(string firstColumn)
    {
        var lines = Text.Split('\n');
        var head = Array.FindIndex(lines, line => line.StartsWith($"| {firstColumn} |", StringComparison.Ordinal));
        Assert.True(head >= 0, $"README.md has no table '{firstColumn}'.");
        return [.. lines.Skip(head + 2).TakeWhile(line => line.StartsWith('|')).Select(Cells)];
    }

    private static string[] Cells(string row) => [.. row.Trim('|', ' ').Split(" | ").Select(cell => cell.Trim().Trim('`'))];

    [GeneratedRegex(@"(?:^<!-- (?<mark>[^\n]*) -->\n)?^```(?<language>\w*)\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
