using System.Globalization;
using System.Text;

namespace CloneHub.Chaos;

/// <summary>What was found. A run holds if no check has found anything.</summary>
internal sealed class Verdict(ChaosOptions options)
{
    private const int Shown = 5;
    private readonly List<(string Check, IReadOnlyList<string> Wrongs)> _checks = [];
    private readonly List<string> _facts = [];

    /// <summary>Jobs that were acknowledged.</summary>
    public int Jobs { get; init; }

    /// <summary>Checks that have found something, each with an example.</summary>
    public IEnumerable<(string Rule, string Example)> Broken => _checks.Where(check => check.Wrongs.Count > 0).Select(check => (check.Check, check.Wrongs[0]));

    public bool Holds => _checks.All(check => check.Wrongs.Count == 0);

    public void Fact(FormattableString text) => _facts.Add(text.ToString(CultureInfo.InvariantCulture));

    public void Check(string rule, IEnumerable<string> wrongs) => _checks.Add((rule, [.. wrongs]));

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var fact in _facts) text.AppendLine(fact);
        foreach (var (rule, wrongs) in _checks)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{(wrongs.Count == 0 ? "holds" : "FAILS")}  {rule}");
            foreach (var wrong in wrongs.Take(Shown)) text.AppendLine(CultureInfo.InvariantCulture, $"         {wrong}");
            if (wrongs.Count > Shown) text.AppendLine(CultureInfo.InvariantCulture, $"         and {wrongs.Count - Shown} more");
        }

        return text.Append(CultureInfo.InvariantCulture, $"The same again: {options.Replay}").ToString();
    }
}
