using CloneHub.Jobs;
using NetArchTest.Rules;

namespace CloneHub.Architecture.Tests;

/// <summary>What decides about a job knows no clock, no I/O, no framework.</summary>
public sealed class PureLifecycleTests
{
    private static readonly Type[] Lifecycle =
    [
        typeof(CloneJob), typeof(Stage), typeof(RestoreJob), typeof(RestoreStage), typeof(Outcome), typeof(Notice), typeof(IJobEvent), typeof(IJobCommand),
        .. typeof(CloneJob).Assembly.GetTypes().Where(type => type.FullName is "CloneHub.Jobs.IJob" or "CloneHub.Jobs.IJobRequest" or "CloneHub.Jobs.JobJson" or "CloneHub.Jobs.NoticeRules"),
        .. typeof(CloneJob).Assembly.GetTypes().Where(type => type.IsClass && (type.IsAssignableTo(typeof(IJobEvent)) || type.IsAssignableTo(typeof(IJobCommand)))),
    ];

    /// <summary>Parts of System through which the world could come in.</summary>
    private static readonly string[] Impure =
    [
        "System.IO", "System.Net", "System.TimeProvider", "System.Random", "System.Environment", "System.Console", "System.Threading", "System.Diagnostics.Process",
        "System.Data", "System.Security.Cryptography",
    ];

    [Fact]
    public void The_lifecycle_depends_on_the_base_library_and_the_contracts_only()
    {
        Assert.True(Lifecycle.Length > 15, $"Only {Lifecycle.Length} types were examined.");
        Assert.Empty(Offenders(Lifecycle, ["CloneHub.Contracts", .. Lifecycle.Select(type => type.FullName!)]));
    }

    [Fact]
    public void The_rule_finds_a_type_that_depends_on_more()
    {
        Assert.Contains(nameof(KnownOffenders.FrameworkUser), Offenders([typeof(KnownOffenders.FrameworkUser)], ["CloneHub.Contracts"]));
        Assert.Contains(nameof(CloneJob), Offenders(Lifecycle, ["CloneHub.Contracts"]));
    }

    [Fact]
    public void The_lifecycle_reaches_neither_clock_nor_machine()
    {
        var result = Types.InAssembly(typeof(CloneJob).Assembly).That().MeetCustomRule(new IsOneOf(Lifecycle)).ShouldNot().HaveDependencyOnAny(Impure).GetResult();

        Assert.True(result.IsSuccessful, string.Join(", ", result.FailingTypeNames ?? []));
    }

    [Fact]
    public void The_rule_finds_a_type_that_reads_the_clock()
    {
        var result = Types.InAssembly(typeof(KnownOffenders).Assembly).That().MeetCustomRule(new IsOneOf([typeof(KnownOffenders.ClockUser)]))
            .ShouldNot().HaveDependencyOnAny(Impure).GetResult();

        Assert.False(result.IsSuccessful);
    }

    private static IReadOnlyList<string> Offenders(Type[] examined, string[] allowed)
    {
        var result = Types.InAssembly(examined[0].Assembly).That().MeetCustomRule(new IsOneOf(examined))
            .Should().OnlyHaveDependenciesOn(["System", .. allowed]).GetResult();
        return [.. (result.FailingTypes ?? []).Select(type => type.Name)];
    }

    private sealed class IsOneOf(IEnumerable<Type> types) : ICustomRule
    {
        private readonly HashSet<string> _names = [.. types.Select(type => type.FullName!.Replace('+', '/'))];

        public bool MeetsRule(Mono.Cecil.TypeDefinition type) => _names.Contains(type.FullName);
    }
}

/// <summary>Known offenders, so that the rules are seen to fail.</summary>
internal static class KnownOffenders
{
    internal sealed class FrameworkUser
    {
        public NetArchTest.Rules.PredicateList? Types { get; init; }
    }

    internal sealed class ClockUser
    {
        public static long Now() => TimeProvider.System.GetTimestamp();
    }
}
