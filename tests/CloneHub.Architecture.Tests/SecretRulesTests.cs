using System.Reflection;
using CloneHub.Contracts;
using CloneHub.Jobs;
using Microsoft.Extensions.Logging;

namespace CloneHub.Architecture.Tests;

/// <summary>A text that must not be seen has the type <see cref="Secret"/>, so that no log, event or read model can show it.</summary>
public sealed class SecretRulesTests
{
    private static readonly string[] Words = ["password", "secret", "token", "apikey", "privatekey", "connectorkey"];

    [Fact]
    public void Nothing_in_the_jobs_module_holds_a_secret_as_text()
    {
        var types = Module.Jobs.GetTypes().Where(Module.IsWritten).ToList();

        Assert.Contains(types, type => type.IsAssignableTo(typeof(IJobEvent)) && type.IsClass);
        Assert.Empty(types.SelectMany(TextSecrets));
    }

    [Fact]
    public void Nothing_that_modules_tell_each_other_holds_a_secret_as_text()
    {
        var types = typeof(JobId).Assembly.GetTypes();

        Assert.NotEmpty(types);
        Assert.Empty(types.SelectMany(TextSecrets));
    }

    [Fact]
    public void No_event_holds_a_secret_in_any_form()
    {
        var events = Module.Jobs.GetTypes().Where(type => type.IsClass && type.IsAssignableTo(typeof(IJobEvent))).ToList();

        Assert.True(events.Count >= 10, $"Only {events.Count} events were examined.");
        Assert.DoesNotContain(events.SelectMany(type => type.GetProperties()), p => p.PropertyType == typeof(Secret) || p.PropertyType == typeof(JobSecrets));
    }

    [Fact]
    public void No_log_line_takes_a_secret()
    {
        var methods = LogMethods([.. Module.All]).ToList();

        Assert.NotEmpty(methods);
        Assert.Empty(methods.SelectMany(m => m.GetParameters().Where(p => IsSecretText(p.Name, p.ParameterType) || p.ParameterType == typeof(Secret))
            .Select(p => $"{m.DeclaringType?.Name}.{m.Name}({p.Name})")));
    }

    [Fact]
    public void Secrets_as_text_are_found()
    {
        Assert.Equal(["Leaky.SourcePassword"], TextSecrets(typeof(Leaky)));
        Assert.Contains(LogMethods([typeof(Leaky).Assembly]), m => m.GetParameters().Any(p => IsSecretText(p.Name, p.ParameterType)));
    }

    private static IEnumerable<string> TextSecrets(Type type) => type
        .GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        .Where(p => IsSecretText(p.Name, p.PropertyType))
        .Select(p => $"{type.Name}.{p.Name}");

    private static IEnumerable<MethodInfo> LogMethods(Assembly[] assemblies) => assemblies
        .SelectMany(assembly => assembly.GetTypes())
        .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
        .Where(method => method.GetCustomAttribute<LoggerMessageAttribute>() is not null);

    private static bool IsSecretText(string? name, Type type) =>
        type == typeof(string) && name is not null && Words.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase));

    private sealed record Leaky(string SourcePassword, Secret ClonePassword);
}

/// <summary>Known offender, so that the rule is seen to fail.</summary>
internal static partial class LeakyLog
{
    [LoggerMessage(9999, LogLevel.Information, "Logged in with {Password}")]
    internal static partial void LoggedIn(ILogger logger, string password);
}
