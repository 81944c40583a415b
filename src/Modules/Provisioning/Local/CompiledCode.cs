namespace CloneHub.Provisioning.Local;

/// <summary>
/// What PHP has compiled into an instance's folder before it had content. PHP takes a file for unchanged as long as its time is; who has altered a site's
/// core may have kept the time, and the clone has to run what the source runs.
/// </summary>
internal static class CompiledCode
{
    private const string Suffix = ".bin";

    /// <summary>The folder is the clone's: a link in it leads wherever its code likes.</summary>
    private static readonly EnumerationOptions WithoutLinks = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };

    /// <summary>Forgets what was compiled of files that are not the core's.</summary>
    /// <param name="core">What was compiled.</param>
    public static void ForgetOthers(ClonePaths paths, DirectoryInfo core)
    {
        foreach (var compiled in Directory.EnumerateFiles(paths.CompiledCode, "*.php" + Suffix, WithoutLinks))
        {
            var begin = compiled.IndexOf(paths.Www, StringComparison.Ordinal);
            var place = begin < 0 ? "" : compiled[(begin + paths.Www.Length + 1)..^Suffix.Length];
            if (place.Length == 0 || !IsSame(new FileInfo(Path.Combine(paths.Www, place)), new FileInfo(Path.Combine(core.FullName, place)))) File.Delete(compiled);
        }
    }

    private static bool IsSame(FileInfo one, FileInfo other) =>
        one.Exists && other.Exists && one.Length == other.Length && File.ReadAllBytes(one.FullName).AsSpan().SequenceEqual(File.ReadAllBytes(other.FullName));
}
