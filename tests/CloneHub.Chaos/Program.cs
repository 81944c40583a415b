using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using CloneHub.Chaos.Faults;
using CloneHub.Chaos.Restores;
using CloneHub.Dev;

namespace CloneHub.Chaos;

/// <summary>Shakes CloneHub by faults from a seed and checks afterwards that nothing was lost, doubled or left. Also the node that is shaken.</summary>
internal static class ChaosCommand
{
    private const int WrongUsage = 64; // EX_USAGE of sysexits.h
    private const int Interrupted = 130; // 128 and SIGINT, as of a shell
    private const int LocalJobs = 4;
    private const int UsualRounds = 18;
    private const int ManyNodes = 20;
    private const string Usage =
        """
        Usage: CloneHub.Chaos [--backend local] [--seed N] [--minutes M] [--nodes N] [--jobs N]
               CloneHub.Chaos --bite [FAULT]...                       break this version on purpose, in one way after the other
               CloneHub.Chaos --handover [ROUNDS]                     lose one node after the other and measure how long its jobs stand still
               CloneHub.Chaos --calm [NODES]                          have many nodes form a cluster, serve and end in order, with nothing broken
               CloneHub.Chaos --restore [ROUNDS]                      kill service, PHP and database while a site gets its clone's content and its own back
               CloneHub.Chaos --from FOLDER [--seed N] [--jobs N]     exchange nodes of an older version (the folder of its CloneHub.Chaos.dll) for these, and back
               CloneHub.Chaos fixture --of FOLDER --in FOLDER         save stores that a version has worked on
        """;

    public static async Task<int> Main(string[] args)
    {
        // A node ends by itself, in order.
        if (args is [ChaosNode.Command, var port, .. var fault]) return await ChaosNode.RunAsync(int.Parse(port, CultureInfo.InvariantCulture), fault is [var name] ? Fault.Named(name) : null);
        using var end = new CancellationTokenSource();
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        return await RunAsync(args, end.Token);

        void End(PosixSignalContext signal)
        {
            signal.Cancel = true;
            end.Cancel();
        }
    }

    private static async Task<int> RunAsync(string[] args, CancellationToken ct)
    {
        if (args is ["fixture", "--of", var version, "--in", var target]) return await ReportAsync(progress => SaveAsync(version, target, progress, ct));
        if (args is ["--bite", .. var names]) return Bite.Chosen(names) is { } bite ? await ReportAsync(_ => Bite.RunAsync(bite, Console.Out, ct)) : await RefuseAsync();
        if (args is ["--handover", .. var rounds]) return Count(rounds, UsualRounds) is { } count ? await ReportAsync(_ => HandoverRun.RunAsync(count, Console.Out, ct)) : await RefuseAsync();
        if (args is ["--calm", .. var nodes]) return Count(nodes, ManyNodes) is { } many ? await ReportAsync(_ => CalmRun.RunAsync(many, Console.Out, ct)) : await RefuseAsync();
        if (args is ["--restore", .. var times]) return Count(times, RestoreRun.UsualRounds) is { } number ? await ReportAsync(_ => RestoreRun.RunAsync(number, Console.Out, ct)) : await RefuseAsync();
        if (args is ["--from", var older, .. var rest] && Read(rest) is { } rolling) return await JudgeAsync(progress => RollingRun.RunAsync(rolling with { From = ProgramIn(older) }, progress, ct));
        return Read(args) is { } options ? await JudgeAsync(progress => ChaosRun.RunAsync(options, progress, ct)) : await RefuseAsync();
    }

    /// <returns>Null if there is something that is no count.</returns>
    private static int? Count(string[] args, int usual) => args switch
    {
        [] => usual,
        [var given] when int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 => number,
        _ => null,
    };

    private static async Task<int> RefuseAsync()
    {
        await Console.Error.WriteLineAsync(Usage);
        return WrongUsage;
    }

    private static Task<int> JudgeAsync(Func<IProgress<string>, Task<Verdict>> run) => ReportAsync(async progress =>
    {
        var verdict = await run(progress);
        await Console.Out.WriteLineAsync(verdict.ToString());
        return verdict.Holds;
    });

    private static async Task<bool> SaveAsync(string version, string target, IProgress<string> progress, CancellationToken ct)
    {
        await FixtureRun.RunAsync(ProgramIn(version), Directory.CreateDirectory(target), progress, ct);
        return true;
    }

    private static string ProgramIn(string folder) => Path.GetFullPath(Path.Combine(folder, "CloneHub.Chaos.dll"));

    private static async Task<int> ReportAsync(Func<IProgress<string>, Task<bool>> run)
    {
        try
        {
            return await run(new Progress<string>(Console.Error.WriteLine)) ? 0 : 1;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("Stopped.");
            return Interrupted;
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
            if (args[i..] is ["--backend", "local", ..])
            {
                options = options with { Backend = Backend.Local, JobsAtOnce = LocalJobs, Slots = LocalJobs };
                continue;
            }

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
