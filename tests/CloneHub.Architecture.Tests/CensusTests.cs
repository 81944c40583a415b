using System.Reflection;
using System.Runtime.CompilerServices;
using CloneHub.Jobs;

namespace CloneHub.Architecture.Tests;

/// <summary>Types of the modules are sealed and internal unless they must not be.</summary>
public sealed class CensusTests
{
    [Fact]
    public void Most_types_are_sealed()
    {
        var types = Written().Where(type => type.IsClass).ToList();

        Assert.True(types.Count > 20, $"Only {types.Count} types were examined.");
        Assert.InRange(Share(types, type => type.IsSealed || type.IsAbstract), 0.65, 1);
    }

    [Fact]
    public void Most_types_are_internal() => Assert.InRange(Share([.. Written()], type => !type.IsVisible), 0.60, 1);

    [Fact]
    public void The_census_counts_what_is_open_too() => Assert.True(Share([typeof(Exception), typeof(string)], type => type.IsSealed) < 0.65);

    private static IEnumerable<Type> Written() => Module.All.SelectMany(assembly => assembly.GetTypes()).Where(Module.IsWritten);

    private static double Share(List<Type> types, Func<Type, bool> holds) => (double)types.Count(holds) / types.Count;
}

internal static class Module
{
    public static readonly Assembly Jobs = typeof(CloneJob).Assembly;

    public static readonly Assembly[] All = [Jobs, Assembly.Load("CloneHub.Provisioning"), Assembly.Load("CloneHub.Cleanup")];

    /// <summary>True for types that stand in a source file: no closures, state machines or generated code.</summary>
    public static bool IsWritten(Type type) =>
        !type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false)
        && !type.Name.Contains('<', StringComparison.Ordinal)
        && type.DeclaringType?.Name.Contains('<', StringComparison.Ordinal) != true
        && type.Namespace?.StartsWith("CloneHub", StringComparison.Ordinal) == true
        && !type.IsDefined(typeof(System.CodeDom.Compiler.GeneratedCodeAttribute), inherit: false);
}
