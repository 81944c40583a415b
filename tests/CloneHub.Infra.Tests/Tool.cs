using System.Diagnostics;

namespace CloneHub.Infra.Tests;

/// <summary>A program that tests run, and what it said.</summary>
internal static class Tool
{
    public sealed record Answer(int Code, string Output, string Errors)
    {
        /// <summary>The output of a program that was to succeed.</summary>
        public string Text => Code == 0 ? Output : throw new InvalidOperationException($"Exit code {Code}: {Errors}{Output}");
    }

    public static string? Find(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Where(folder => folder.Length > 0)
        .Select(folder => Path.Combine(folder, name))
        .FirstOrDefault(File.Exists);

    public static async Task<Answer> RunAsync(string program, string folder, IEnumerable<string> arguments, IDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        var output = process.StandardOutput.ReadToEndAsync(patience.Token);
        var errors = process.StandardError.ReadToEndAsync(patience.Token);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return new Answer(process.ExitCode, await output, await errors);
    }
}
