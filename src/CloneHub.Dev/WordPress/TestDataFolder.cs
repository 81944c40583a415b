namespace CloneHub.Dev.WordPress;

/// <summary>Public WordPress content that is not part of the repository: CLONEHUB_TEST_DATA, or ../shared/data beside the checkout.</summary>
public static class TestDataFolder
{
    public static DirectoryInfo? Find()
    {
#pragma warning disable RS0030 // A development tool, also used before any options exist.
        var named = Environment.GetEnvironmentVariable("CLONEHUB_TEST_DATA");
#pragma warning restore RS0030
        string[] candidates = string.IsNullOrEmpty(named) ? [Repository.Path("..", "shared", "data")] : [named];
        return candidates.Select(path => new DirectoryInfo(path)).FirstOrDefault(folder => folder.Exists);
    }
}
