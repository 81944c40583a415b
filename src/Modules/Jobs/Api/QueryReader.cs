using Microsoft.AspNetCore.Http;

namespace CloneHub.Jobs.Api;

/// <summary>Collects what is wrong with the parameters of an address, so that a caller learns everything at once.</summary>
internal sealed class QueryReader
{
    private readonly SortedDictionary<string, string[]> _errors = new(StringComparer.Ordinal);

    /// <param name="of">What the parameters belong to, as a caller calls it.</param>
    /// <param name="known">Every other name is refused, and so is a name that is given twice.</param>
    public QueryReader(IQueryCollection query, string of, params ReadOnlySpan<string> known)
    {
        foreach (var (name, values) in query)
        {
            if (!known.Contains(name)) Refuse(name, $"is not a parameter of {of}");
            else if (values.Count > 1) Refuse(name, "must be given once");
        }
    }

    /// <summary>Null while nothing is wrong.</summary>
    public Problem? Problem => _errors.Count == 0 ? null : Problem.Invalid(_errors);

    /// <summary>Of each parameter the first fault is told.</summary>
    public void Refuse(string name, string reason) => _errors.TryAdd(name, [reason]);
}
