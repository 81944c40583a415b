using System.Reflection;
using CloneHub.Contracts;
using Microsoft.Extensions.Logging;

namespace CloneHub.Architecture.Tests;

/// <summary>Whoever looks for the lines of a job looks at one field.</summary>
public sealed class LogRulesTests
{
    [Fact]
    public void Every_log_line_names_its_job_in_the_same_field()
    {
        var methods = Of([.. Module.All]).ToList();

        Assert.True(methods.Count > 20, $"Only {methods.Count} methods were examined.");
        Assert.Empty(Offenders(methods));
    }

    [Fact]
    public void A_line_that_names_it_elsewhere_is_found() => Assert.Equal(["OddLog.Done"], Offenders(Of([typeof(OddLog).Assembly])));

    private static IEnumerable<string> Offenders(IEnumerable<MethodInfo> methods) => methods
        .Where(method => !method.GetCustomAttribute<LoggerMessageAttribute>()!.Message.Contains("{JobId}", StringComparison.Ordinal))
        .Select(method => $"{method.DeclaringType?.Name}.{method.Name}");

    private static IEnumerable<MethodInfo> Of(Assembly[] assemblies) => assemblies
        .SelectMany(assembly => assembly.GetTypes())
        .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
        .Where(method => method.GetCustomAttribute<LoggerMessageAttribute>() is not null && method.GetParameters().Any(p => p.ParameterType == typeof(JobId)));
}

/// <summary>Known offender, so that the rule is seen to fail.</summary>
internal static partial class OddLog
{
    [LoggerMessage(9998, LogLevel.Information, "{Job}: done")]
    internal static partial void Done(ILogger logger, JobId job);
}
