using System.Reflection.PortableExecutable;
using CloneHub.Dev.Host;

namespace CloneHub.EndToEnd.Tests;

/// <summary>A Host that is started to be used compiles no assembly of a package: docs/adr/0042-packages-compiled-beforehand.md.</summary>
public sealed class CompiledPackagesTests
{
    /// <summary>Compiled when the Host is published.</summary>
    private const string Later = "KubernetesClient.dll";

    private static readonly bool IsRelease = new FileInfo(HostSettings.Program()).Directory!.Name == "release";

    [Fact]
    public void All_packages_of_the_Host_are_compiled_in_a_release_build_and_only_there()
    {
        var packages = new FileInfo(HostSettings.Program()).Directory!.GetFiles("*.dll").Where(file => !IsOurs(file) && file.Name != Later).ToList();

        Assert.Contains(packages, file => file.Name == "Akka.dll");
        Assert.DoesNotContain(packages, file => IsCompiled(file) != IsRelease);
    }

    [Fact]
    public void What_changes_with_every_build_is_not()
    {
        var ours = new FileInfo(HostSettings.Program()).Directory!.GetFiles("*.dll").Where(IsOurs).ToList();

        Assert.NotEmpty(ours);
        Assert.DoesNotContain(ours, IsCompiled);
    }

    private static bool IsOurs(FileInfo file) => file.Name.StartsWith("CloneHub.", StringComparison.Ordinal);

    private static bool IsCompiled(FileInfo file)
    {
        using var image = new PEReader(file.OpenRead());
        return image.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size > 0;
    }
}
