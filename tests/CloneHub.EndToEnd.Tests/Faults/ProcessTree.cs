using System.Globalization;

namespace CloneHub.EndToEnd.Tests.Faults;

/// <summary>The processes of this machine as /proc shows them.</summary>
internal static class ProcessTree
{
    /// <summary>A process and all that descend from it.</summary>
    public static IReadOnlyList<int> Of(int root)
    {
        var parents = All().Select(process => (process.Id, Parent: ParentOf(process.Id))).ToList();
        var tree = new List<int> { root };
        for (var i = 0; i < tree.Count; i++) tree.AddRange(parents.Where(pair => pair.Parent == tree[i]).Select(pair => pair.Id));
        return tree;
    }

    public static IEnumerable<(int Id, string Command)> All()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id)) continue;
            if (Read(Path.Combine(folder, "cmdline")) is { Length: > 0 } command) yield return (id, command.Replace('\0', ' '));
        }
    }

    public static string? WorkingDirectoryOf(int process)
    {
        try
        {
            return new FileInfo($"/proc/{process}/cwd").LinkTarget;
        }
        catch (IOException)
        {
            // It ended between the two looks.
            return null;
        }
    }

    private static int ParentOf(int process) =>
        Read($"/proc/{process}/stat") is { } text ? int.Parse(text[(text.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture) : 0;

    private static string? Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            // It ended between the two looks.
            return null;
        }
    }
}
