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

    /// <summary>PHP that compiles the WordPress of its document root; the image of clones has it too.</summary>
    public static string Compiler { get; } = ReadCompiler();

    /// <summary>Forgets what was compiled of files that are not the core's.</summary>
    /// <param name="folder">Of compiled code.</param>
    /// <param name="root">Document root.</param>
    /// <param name="core">What was compiled.</param>
    public static void ForgetOthers(string folder, string root, string core)
    {
        foreach (var compiled in Directory.EnumerateFiles(folder, "*.php" + Suffix, WithoutLinks))
        {
            var begin = compiled.IndexOf(root, StringComparison.Ordinal);
            var place = begin < 0 ? "" : compiled[(begin + root.Length + 1)..^Suffix.Length];
            if (place.Length == 0 || !IsSame(new FileInfo(Path.Combine(root, place)), new FileInfo(Path.Combine(core, place)))) File.Delete(compiled);
        }
    }

    private static bool IsSame(FileInfo one, FileInfo other) =>
        one.Exists && other.Exists && one.Length == other.Length && File.ReadAllBytes(one.FullName).AsSpan().SequenceEqual(File.ReadAllBytes(other.FullName));

    private static string ReadCompiler()
    {
        using var resource = new StreamReader(typeof(CompiledCode).Assembly.GetManifestResourceStream("compile.php")!);
        return resource.ReadToEnd();
    }
}
