using System.Text;

namespace CloneHub.Provisioning.WordPress.Restore;

/// <summary>
/// Users stay the site's own, so what the clone's people wrote needs one of the site's as its author: the one of the same name, or the
/// administrator for those that the site does not have.
/// </summary>
internal sealed class UserMap
{
    private static readonly Dictionary<string, string> Columns = new(StringComparer.Ordinal)
    {
        ["posts"] = "post_author",
        ["comments"] = "user_id",
        ["links"] = "link_owner",
    };

    private readonly Dictionary<string, byte[]> _changes = new(StringComparer.Ordinal);

    /// <param name="clone">Log-in name by number.</param>
    /// <param name="administrator">Number, on the site, of who takes what nobody there has written.</param>
    public UserMap(IReadOnlyDictionary<string, string> clone, IReadOnlyDictionary<string, string> target, string administrator)
    {
        var numbers = target.GroupBy(user => user.Value, StringComparer.OrdinalIgnoreCase).ToDictionary(users => users.Key, users => users.First().Key, StringComparer.OrdinalIgnoreCase);
        var missing = new List<string>();
        var others = new List<string>();
        foreach (var (number, login) in clone)
        {
            if (target.TryGetValue(number, out var same) && string.Equals(same, login, StringComparison.OrdinalIgnoreCase)) continue;
            if (same is not null) others.Add($"{number} is {login} in the clone and {same} at the site");
            if (!numbers.TryGetValue(login, out var other)) missing.Add(login);
            _changes[number] = Encoding.ASCII.GetBytes(other ?? administrator);
        }

        (Missing, Others) = (missing, others);
    }

    /// <summary>Log-in names that only the clone has.</summary>
    public IReadOnlyList<string> Missing { get; }

    /// <summary>Numbers that are another person's at the site. What plugins note by number is not followed.</summary>
    public IReadOnlyList<string> Others { get; }

    /// <summary>Column of a table whose values are users; -1 if there is none.</summary>
    public static int ColumnOf(string nameWithoutPrefix, IReadOnlyList<string> columns) =>
        Columns.TryGetValue(nameWithoutPrefix, out var name) ? columns.ToList().IndexOf(name) : -1;

    public byte[]? Change(ReadOnlySpan<byte> number) => _changes.Count == 0 ? null : _changes.GetValueOrDefault(Encoding.ASCII.GetString(number));
}
