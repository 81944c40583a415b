namespace CloneHub.Dev;

/// <summary>What the environment of this process says; there are no options here to bind it to.</summary>
internal static class Surroundings
{
    /// <summary>Null if the variable is not set, or empty.</summary>
#pragma warning disable RS0030 // The one place where it is read.
    public static string? Of(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : null;
#pragma warning restore RS0030
}
