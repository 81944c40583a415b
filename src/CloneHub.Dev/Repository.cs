namespace CloneHub.Dev;

/// <summary>Finds the checkout this program was built from.</summary>
public static class Repository
{
    public static DirectoryInfo Root { get; } = Find();

    public static string Path(params string[] parts) => System.IO.Path.Combine([Root.FullName, .. parts]);

    private static DirectoryInfo Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "CloneHub.sln")))
                return folder;
        }

        throw new SetUpException($"CloneHub.sln was not found above {AppContext.BaseDirectory}. Run this program from a checkout of CloneHub.");
    }
}
