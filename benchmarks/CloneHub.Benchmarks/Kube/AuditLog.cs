using System.Text.Json;

namespace CloneHub.Benchmarks.Kube;

/// <summary>One request as the API server has noted it.</summary>
/// <param name="What">Verb and kind, as a Role would name them.</param>
/// <param name="Name">Of the object; empty for a list or a watch.</param>
internal sealed record AuditedCall(string What, string Name)
{
    /// <summary>Lists and watches are for all clones together.</summary>
    public bool IsShared => What.StartsWith("list ", StringComparison.Ordinal) || What.StartsWith("watch ", StringComparison.Ordinal);
}

/// <summary>What CloneHub asked of an API server, by that server's own account.</summary>
internal sealed class AuditLog(FileInfo file, string space)
{
    /// <summary>The administrator's requests in the namespace, but for those of kubectl: CloneHub's and the ingress controller's, which only lists and watches.</summary>
    public IReadOnlyList<AuditedCall> Calls()
    {
        using var log = new StreamReader(new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var calls = new List<AuditedCall>();
        while (log.ReadLine() is { } line)
            if (Read(line) is { } call) calls.Add(call);
        return calls;
    }

    private AuditedCall? Read(string line)
    {
        var note = JsonElement.Parse(line);
        if (Text(note, "user", "username") is { } user && (user.StartsWith("system:", StringComparison.Ordinal) || Text(note, "userAgent")?.StartsWith("kubectl", StringComparison.Ordinal) == true)) return null;
        if (Text(note, "objectRef", "namespace") != space || Text(note, "objectRef", "resource") is not { } kind) return null;
        var part = Text(note, "objectRef", "subresource");
        return new AuditedCall($"{Text(note, "verb")} {kind}{(part is null ? "" : "/" + part)}", Text(note, "objectRef", "name") ?? "");
    }

    private static string? Text(JsonElement note, params string[] path)
    {
        foreach (var name in path)
            if (!note.TryGetProperty(name, out note)) return null;
        return note.GetString();
    }
}
