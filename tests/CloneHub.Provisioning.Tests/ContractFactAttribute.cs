namespace CloneHub.Provisioning.Tests;

/// <summary>A promise of every back end; whether it can be tested here depends on the back end.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ContractFactAttribute : FactAttribute;
