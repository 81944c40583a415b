using System.Globalization;
using CloneHub.Provisioning.Agent;

namespace CloneHub.Agent;

/// <summary>What the agent has said, kept in the pod for whoever asks later. It tells nothing that its caller was not told.</summary>
internal sealed class OwnLog(string path, string command, TimeProvider clock)
{
    private string _last = "";

    public void Begin() => Write("begun");

    public void Write(AgentLine line)
    {
        if (TextOf(line) is { } text && text != _last) Write(text);
    }

    private void Write(string text)
    {
        _last = text;
        try
        {
            // Opened for each line: whoever keeps the log short puts the file aside.
            File.AppendAllText(path, string.Create(CultureInfo.InvariantCulture, $"{clock.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ} {command}: {text.ReplaceLineEndings(" ")}\n"));
        }
        catch (Exception full) when (full is IOException or UnauthorizedAccessException)
        {
            // What keeps a line from being written will end the work as well, and is told then.
        }
    }

    private static string? TextOf(AgentLine line) => line switch
    {
        AgentProgress step => step.Message,
        AgentImported { Content: var content } done => string.Create(
            CultureInfo.InvariantCulture,
            $"done, {content.Tables} tables, {content.Rows} rows, {content.Files} files, {content.Bytes} bytes, {done.Warnings.Count} warnings; held {done.PeakMemory >> 20} MB at most"),
        AgentActivated done => $"done, plugin {done.Version}",
        AgentFailed { Fault: var fault } => $"failed, {fault.Code}: {fault.Message}",
        AgentOvertaken => "stopped, because a newer attempt has begun",
        _ => null,
    };
}
