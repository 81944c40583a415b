using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace CloneHub.Benchmarks;

/// <summary>What was measured, on the terminal at once and as Markdown in the end.</summary>
internal sealed class Report
{
    private readonly StringBuilder _text = new();

    /// <summary>No bound was missed so far.</summary>
    public bool Holds { get; private set; } = true;

    public void Line(string text)
    {
        Console.WriteLine(text);
        _text.Append(text).Append("\n\n| what | measured |\n|---|---|\n");
    }

    public void Row(string what, FormattableString measured)
    {
        var value = measured.ToString(CultureInfo.InvariantCulture);
        Console.WriteLine($"{what}: {value}");
        _text.Append(CultureInfo.InvariantCulture, $"| {what} | {value} |\n");
    }

    /// <summary>A figure that may not be larger. One that is makes the run fail, after everything was measured.</summary>
    public void Bound(string what, double measured, double most, string unit)
    {
        var holds = measured <= most;
        Holds &= holds;
        Row($"bound: {what}", $"{measured:0.##} of at most {most:0.##}{unit}, {(holds ? "holds" : "FAILS")}");
    }

    /// <summary>Markdown as it is.</summary>
    public void Text(string markdown)
    {
        Console.WriteLine(markdown);
        _text.Append(markdown);
    }

    public override string ToString() => _text.ToString();
}

internal static class Statistics
{
    /// <summary>Nearest rank.</summary>
    public static double Percentile(IReadOnlyCollection<double> values, int percent)
    {
        var sorted = values.Order().ToList();
        return sorted[Math.Max(0, (int)Math.Ceiling(sorted.Count * percent / 100.0) - 1)];
    }
}

internal static class Machine
{
    public static async Task<string> DescribeAsync(CancellationToken ct)
    {
        var model = (await File.ReadAllLinesAsync("/proc/cpuinfo", ct)).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim();
        using var git = Process.Start(new ProcessStartInfo("git", ["describe", "--always", "--dirty"]) { RedirectStandardOutput = true })!;
        var commit = (await git.StandardOutput.ReadToEndAsync(ct)).Trim();
        return $"Machine: {Environment.ProcessorCount} x {model}; .NET {Environment.Version}; commit {commit}; Redis appendfsync always, PostgreSQL fsync on.";
    }

    /// <summary>Highest resident memory of a process so far, in bytes.</summary>
    public static long PeakMemory(int pid) => Status(pid, "VmHWM:");

    /// <summary>Resident memory of a process, in bytes.</summary>
    public static long Memory(int pid) => Status(pid, "VmRSS:");

    private static long Status(int pid, string name)
    {
        var line = File.ReadLines($"/proc/{pid}/status").First(l => l.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
    }
}
