using CloneHub.Dev.Processes;

namespace CloneHub.Dev;

/// <summary>Packages of Debian, fetched without being installed.</summary>
internal static class DebianArchive
{
    private const string Keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

    /// <summary>Fetches packages of this machine's own release into a folder.</summary>
    public static Task DownloadAsync(string what, IReadOnlyList<string> packages, string folder, CancellationToken ct) =>
        FetchAsync(what, () => AptAsync(["download", .. packages], folder, ct), ct);

    /// <summary>Fetches one package of Debian's unstable release into a folder, with all that it needs: what this machine has is too old for it.</summary>
    public static async Task DownloadUnstableAsync(string what, string package, string folder, CancellationToken ct)
    {
        var mirror = (await FetchAsync(what, () => MirrorAsync(ct), ct)).Split('\n')[0];
        var own = Path.Combine(folder, "apt");
        Directory.CreateDirectory(Path.Combine(own, "lists", "partial"));
        Directory.CreateDirectory(Path.Combine(own, "cache", "archives", "partial"));
        await File.WriteAllTextAsync(Path.Combine(own, "sources.list"), $"deb [signed-by={Keyring}] {mirror} sid main\n", ct);
        // Nothing is installed, as far as this apt knows, so that nothing that is needed is left out.
        await File.WriteAllTextAsync(Path.Combine(own, "status"), "", ct);
        string[] apart =
        [
            "-o", $"Dir::Etc::SourceList={own}/sources.list", "-o", "Dir::Etc::SourceParts=/dev/null", "-o", "Dir::Etc::Preferences=/dev/null",
            "-o", "Dir::Etc::PreferencesParts=/dev/null", "-o", $"Dir::State::Lists={own}/lists", "-o", $"Dir::State::Status={own}/status",
            "-o", $"Dir::Cache={own}/cache", "-o", "Debug::NoLocking=1", "-o", "Acquire::Languages=none",
        ];
        await FetchAsync(what, () => AptAsync(["update", .. apart], own, ct), ct);
        await FetchAsync(what, () => AptAsync(["install", "--yes", "--no-install-recommends", "--download-only", .. apart, package], own, ct), ct);
        foreach (var file in Directory.GetFiles(Path.Combine(own, "cache", "archives"), "*.deb"))
            File.Move(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        Directory.Delete(own, recursive: true);
    }

    /// <summary>Where this machine's apt has Debian from.</summary>
    private static async Task<(int ExitCode, string Output, string Errors)> MirrorAsync(CancellationToken ct)
    {
        var (exitCode, output, errors) = await AptAsync(["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Origin: Debian", "Label: Debian"], "/", ct);
        return exitCode == 0 && output.Length == 0 ? (1, "", "It knows no archive of Debian.") : (exitCode, output, errors);
    }

    private static async Task<string> FetchAsync(string what, Func<Task<(int ExitCode, string Output, string Errors)>> fetch, CancellationToken ct)
    {
        var (exitCode, output, errors) = await fetch();
        if (exitCode != 0 && Environment.IsPrivilegedProcess)
        {
            // A fresh image comes without the archive's lists of packages.
            await AptAsync(["update"], "/", ct);
            (exitCode, output, errors) = await fetch();
        }

        return exitCode == 0
            ? output
            : throw new SetUpException(
                $"{what} could not be fetched from the Debian archive. Run \"apt-get update\" (as root) and check the network, then try again. apt-get said:\n{errors.Trim()}");
    }

    /// <summary>As root, apt would fetch as _apt, which cannot write into our folder.</summary>
    private static Task<(int ExitCode, string Output, string Errors)> AptAsync(IReadOnlyList<string> arguments, string folder, CancellationToken ct) =>
        Command.TryRunAsync("apt-get", ["-q", "-o", "APT::Sandbox::User=root", .. arguments], new CommandSettings { WorkingDirectory = folder }, ct);
}
