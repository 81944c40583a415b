using System.Diagnostics;

namespace CloneHub.Dev.Processes;

/// <summary>Runs a program to its end and answers what it printed.</summary>
internal static class Command
{
    public static Task<string> RunAsync(string program, IReadOnlyList<string> arguments, CancellationToken ct) =>
        RunAsync(program, arguments, new CommandSettings(), ct);

    public static async Task<string> RunAsync(string program, IReadOnlyList<string> arguments, CommandSettings settings, CancellationToken ct)
    {
        var (exitCode, output, errors) = await TryRunAsync(program, arguments, settings, ct);
        if (exitCode == 0)
            return output;
        var said = string.Join('\n', $"{output}\n{errors}".Trim().Split('\n').TakeLast(15));
        throw new SetUpException($"{Path.GetFileName(program)} ended with exit code {exitCode}:\n{said}");
    }

    public static async Task<(int ExitCode, string Output, string Errors)> TryRunAsync(
        string program, IReadOnlyList<string> arguments, CommandSettings settings, CancellationToken ct)
    {
        var line = (settings.RunAs ?? Account.Self).Wrap(program, arguments);
        var start = new ProcessStartInfo(line[0])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = settings.WorkingDirectory ?? "/",
        };
        foreach (var argument in line.Skip(1))
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in settings.Environment)
            start.Environment[name] = value;

        using var process = Start(start);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(ct);
            var errors = process.StandardError.ReadToEndAsync(ct);
            await WriteInputAsync(process, settings.Input, ct);
            await process.WaitForExitAsync(ct);
            return (process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new SetUpException($"{start.FileName} could not be started: {e.Message}. Run ./clonehub.sh up to install what is missing.", e);
        }
    }

    private static async Task WriteInputAsync(Process process, byte[] input, CancellationToken ct)
    {
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(input, ct);
            process.StandardInput.Close();
        }
        catch (IOException) when (process.HasExited || input.Length > 0)
        {
            // The program ended before it read everything; its exit code and its own words tell why.
        }
    }
}

internal sealed record CommandSettings
{
    public Account? RunAs { get; init; }

    public string? WorkingDirectory { get; init; }

    public byte[] Input { get; init; } = [];

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
}
