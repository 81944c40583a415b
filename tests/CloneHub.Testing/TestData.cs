using CloneHub.Dev.WordPress;

namespace CloneHub.Testing;

/// <summary>Public WordPress content beside the repository (CLONEHUB_TEST_DATA). Its absence is an error where CI is set.</summary>
public static class TestData
{
    public static DirectoryInfo? Folder { get; } = TestDataFolder.Find();

    public static bool IsHere => Folder is not null;

    public static string Path(params string[] parts) =>
        Folder is { } folder
            ? System.IO.Path.Combine([folder.FullName, .. parts])
            : throw new DirectoryNotFoundException("The public test content is missing: set CLONEHUB_TEST_DATA to its folder.");

    /// <summary>For the Skip of a test: null when the content is here, or when its absence must fail the test.</summary>
    public static string? WhyMissing =>
        IsHere || Environment.GetEnvironmentVariable("CI") == "true" ? null : "The public test content is not here (CLONEHUB_TEST_DATA).";
}

/// <summary>A test that needs the public test content.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TestDataFactAttribute : Xunit.FactAttribute
{
    public TestDataFactAttribute() => Skip = TestData.WhyMissing;
}

/// <summary>A theory that needs the public test content.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TestDataTheoryAttribute : Xunit.TheoryAttribute
{
    public TestDataTheoryAttribute() => Skip = TestData.WhyMissing;
}
