namespace CloneHub.Provisioning.Local;

/// <summary>Finds a program by name. Debian keeps daemons in sbin folders that an ordinary user's PATH leaves out.</summary>
internal static class ExecutablePath
{
    private static readonly string[] Folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

    public static string? Find(string program)
    {
        if (program.Length == 0) return null;
        if (program.Contains('/', StringComparison.Ordinal)) return File.Exists(program) ? Path.GetFullPath(program) : null;
        return Folders.Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
    }
}
