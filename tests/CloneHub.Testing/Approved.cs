using Xunit;

namespace CloneHub.Testing;

/// <summary>
/// Compares a text with the approved file of the repository. With <c>UPDATE_SNAPSHOTS=1</c> in the environment the file is written instead,
/// for a person to read the difference before it is committed.
/// </summary>
public static class Approved
{
    private static readonly Lazy<string> Root = new(() =>
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Directory.Packages.props"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("The tests do not run inside the repository.");
    });

    /// <summary>Full path of a file or folder of the repository.</summary>
    public static string PathOf(string relative) => Path.Combine(Root.Value, relative);

    public static void Compare(string relative, string actual)
    {
        var path = PathOf(relative);
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
            return;
        }

        Assert.True(File.Exists(path), $"{relative} does not exist. Run the test once with UPDATE_SNAPSHOTS=1 and read what it wrote.");
        Assert.Equal(File.ReadAllText(path), actual);
    }
}
