using System.Globalization;

namespace CloneHub.Benchmarks.Engine;

/// <summary>Processes and all that they have started, as the kernel accounts for them.</summary>
internal static class ProcessTree
{
    /// <summary>Of Linux, whatever the machine: /proc counts in hundredths of a second.</summary>
    private const double TicksPerSecond = 100;

    public static IReadOnlyList<int> Of(IEnumerable<int> roots)
    {
        var children = Directory.EnumerateDirectories("/proc").Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
            .Where(pid => pid > 0).Select(pid => (Pid: pid, Fields: Stat(pid))).Where(process => process.Fields.Length > 0)
            .ToLookup(process => int.Parse(process.Fields[1], CultureInfo.InvariantCulture), process => process.Pid);
        var found = new List<int>();
        var open = new Queue<int>(roots);
        while (open.TryDequeue(out var pid))
        {
            found.Add(pid);
            foreach (var child in children[pid]) open.Enqueue(child);
        }

        return found;
    }

    /// <summary>Seconds of a processor that they have taken so far; children that ended count with whoever awaited them.</summary>
    public static double ProcessorSeconds(IEnumerable<int> roots) =>
        Of(roots).Select(Stat).Where(fields => fields.Length > 0).Sum(fields => fields[11..15].Sum(field => double.Parse(field, CultureInfo.InvariantCulture))) / TicksPerSecond;

    /// <summary>What stands after the name: state, parent and so on; nothing if the process is gone.</summary>
    private static string[] Stat(int pid)
    {
        try
        {
            var text = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return [];
        }
    }
}
