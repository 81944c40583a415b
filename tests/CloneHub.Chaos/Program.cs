using System.Globalization;
using System.Security.Cryptography;
using CloneHub.Dev;

namespace CloneHub.Chaos;

/// <summary>Shakes CloneHub by faults from a seed and checks afterwards that nothing was lost, doubled or left. Also the node that is shaken.</summary>
internal static class ChaosCommand
{
    private const int WrongUsage = 64; // EX_USAGE of sysexits.h
    private const string Usage =
        """
        Usage: CloneHub.Chaos [--seed N] [--minutes M] [--nodes N] [--jobs N]
               CloneHub.Chaos --from FOLDER [--seed N] [--jobs N]     exchange nodes of an older version (the folder of its CloneHub.Chaos.dll) for these, and back
               CloneHub.Chaos fixture --of FOLDER --in FOLDER         save stores that a version has worked on
        """;

    public static async Task<int> Main(string[] args)
    {
        if (args is [ChaosNode.Command, var port]) return await ChaosNode.RunAsync(int.Parse(port, CultureInfo.InvariantCulture));
        if (args is ["fixture", "--of", var version, "--in", var target]) return await ReportAsync(progress => SaveAsync(version, target, progress));
        if (args is ["--from", var older, .. var rest] && Read(rest) is { } rolling) return await JudgeAsync(progress => RollingRun.RunAsync(rolling with { From = older }, ProgramIn(older), progress, CancellationToken.None));
        if (Read(args) is not { } options)
        {
            await Console.Error.WriteLineAsync(Usage);
            return WrongUsage;
        }

        return await JudgeAsync(progress => ChaosRun.RunAsync(options, progress, CancellationToken.None));
    }

    private static Task<int> JudgeAsync(Func<IProgress<string>, Task<Verdict>> run) => ReportAsync(async progress =>
    {
        var verdict = await run(progress);
        await Console.Out.WriteLineAsync(verdict.ToString());
        return verdict.Holds;
    });

    private static async Task<bool> SaveAsync(string version, string target, IProgress<string> progress)
    {
        await FixtureRun.RunAsync(ProgramIn(version), Directory.CreateDirectory(target), progress, CancellationToken.None);
        return true;
    }

    private static string ProgramIn(string folder) => Path.GetFullPath(Path.Combine(folder, "CloneHub.Chaos.dll"));

    private static async Task<int> ReportAsync(Func<IProgress<string>, Task<bool>> run)
    {
        try
        {
            return await run(new Progress<string>(Console.Error.WriteLine)) ? 0 : 1;
        }
        catch (Exception e) when (e is SetUpException or TimeoutException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
    }

    private static ChaosOptions? Read(string[] args)
    {
        var options = new ChaosOptions { Seed = RandomNumberGenerator.GetInt32(1, 1_000_000) };
        for (var i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length || !int.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0) return null;
            switch (args[i])
            {
                case "--seed": options = options with { Seed = number }; break;
                case "--minutes": options = options with { Length = TimeSpan.FromMinutes(number) }; break;
                case "--nodes": options = options with { Nodes = number }; break;
                case "--jobs": options = options with { JobsAtOnce = number }; break;
                default: return null;
            }
        }

        return options;
    }
}

/// <summary>One run. The same seed gives the same faults at the same moments and the same requests; how they meet is the machine's.</summary>
internal sealed record ChaosOptions
{
    public required int Seed { get; init; }

    /// <summary>How long faults come. The jobs under way after that are awaited.</summary>
    public TimeSpan Length { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>1, or at least 3: of two neither is a majority. The first three are core nodes and workers, all others workers.</summary>
    public int Nodes { get; init; } = 3;

    public int JobsAtOnce { get; init; } = 24;

    /// <summary>The nodes' clock runs so many times as fast as the real one: a clone's shortest time, five minutes, is over in seconds.</summary>
    public int ClockSpeed { get; init; } = 20;

    /// <summary>Folder of the older version whose nodes are exchanged; null where none are.</summary>
    public string? From { get; init; }

    /// <summary>How to see the same again.</summary>
    public string Replay => From is not null
        ? string.Create(CultureInfo.InvariantCulture, $"./clonehub.sh chaos --from {From} --seed {Seed} --jobs {JobsAtOnce}")
        : string.Create(CultureInfo.InvariantCulture, $"./clonehub.sh chaos --seed {Seed} --minutes {Math.Max(1, (int)Length.TotalMinutes)} --nodes {Nodes} --jobs {JobsAtOnce}");
}
