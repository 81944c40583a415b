using System.Globalization;
using CloneHub.Dev.Processes;

namespace CloneHub.Chaos.Restores;

/// <summary>Stops the site's PHP where the code of a restore comes to a named point, see <c>points.php</c>. What is told and asked lies in a folder of files.</summary>
internal sealed class Breakpoints
{
    /// <summary>PHP goes away by itself at the point.</summary>
    public const string Exit = "exit";

    private const string Stop = "stop";
    private readonly DirectoryInfo _folder;

    private Breakpoints(DirectoryInfo folder) => _folder = folder;

    /// <summary>What PHP has to prepend to every request.</summary>
    public string Script => Path.Combine(_folder.FullName, "points.php");

    public static async Task<Breakpoints> OpenAsync(string folder, CancellationToken ct)
    {
        var points = new Breakpoints(Directory.CreateDirectory(folder));
        using var reader = new StreamReader(typeof(Breakpoints).Assembly.GetManifestResourceStream("points.php")!);
        await File.WriteAllTextAsync(points.Script, (await reader.ReadToEndAsync(ct)).Replace("{{FOLDER}}", points._folder.FullName, StringComparison.Ordinal), ct);

        // The site's account works in it, too.
        await Command.RunAsync("chmod", ["0777", points._folder.FullName], ct);
        return points;
    }

    /// <summary>Every point that work comes to, in order.</summary>
    public async Task<IReadOnlyList<string>> TraceAsync(Func<Task> work, CancellationToken ct)
    {
        await File.WriteAllTextAsync(At("tracing"), "", ct);
        await work();
        File.Delete(At("tracing"));
        var seen = await File.ReadAllLinesAsync(At("trace"), ct);
        File.Delete(At("trace"));
        return seen;
    }

    public async Task ArmAsync(string point, bool exits, CancellationToken ct)
    {
        Disarm();
        var part = At("armed.part");
        await File.WriteAllTextAsync(part, $"{point}\n{(exits ? Exit : Stop)}", ct);
        await Command.RunAsync("chmod", ["0666", part], ct);
        File.Move(part, At("armed"));
    }

    /// <summary>Whether the point was come to.</summary>
    public bool IsReached => File.Exists(At("reached"));

    /// <summary>Lets go on whoever stands there, if he lives.</summary>
    public void Release() => File.WriteAllText(At("go"), TimeProvider.System.GetUtcNow().ToString("O", CultureInfo.InvariantCulture));

    public void Disarm()
    {
        foreach (var name in (string[])["armed", "taken", "reached", "go"]) File.Delete(At(name));
    }

    private string At(string name) => Path.Combine(_folder.FullName, name);
}
