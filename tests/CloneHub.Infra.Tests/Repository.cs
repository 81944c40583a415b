namespace CloneHub.Infra.Tests;

/// <summary>The checkout these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string Infra => PathOf("infra");

    public static string PathOf(string file) => Path.Combine(Root, file);

    public static string Read(string file) => File.ReadAllText(PathOf(file));

    /// <summary>A copy, because Terraform and some tests write beside what they read. Links stay links; nothing that Terraform left is taken along.</summary>
    public static void CopyInfra(string target) => Copy(Infra, target);

    private static void Copy(string source, string target)
    {
        Directory.CreateDirectory(target);
        foreach (var file in new DirectoryInfo(source).EnumerateFileSystemInfos())
        {
            var copy = Path.Combine(target, file.Name);
            if (file.LinkTarget is { } link) File.CreateSymbolicLink(copy, link);
            else if (file is FileInfo real) real.CopyTo(copy);
            else if (file.Name != ".terraform") Copy(file.FullName, copy);
        }
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Directory.Packages.props"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException($"No Directory.Packages.props above {AppContext.BaseDirectory}.");
    }
}
