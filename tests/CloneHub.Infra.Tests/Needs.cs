namespace CloneHub.Infra.Tests;

/// <summary>A test that is skipped where a program is missing, and fails there if CI is true: what CI passes over in silence nobody checks.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal abstract class NeedingFactAttribute : FactAttribute
{
    protected NeedingFactAttribute(string? missing)
    {
        if (missing is not null && Environment.GetEnvironmentVariable("CI") != "true") Skip = missing;
    }
}

internal sealed class TerraformFactAttribute() : NeedingFactAttribute(Terraform.Missing);

internal sealed class KubectlFactAttribute() : NeedingFactAttribute(Kubectl.Missing);

internal sealed class SchemaFactAttribute() : NeedingFactAttribute(Kubectl.Missing ?? Schemas.Missing ?? Terraform.Missing);

internal sealed class ChainFactAttribute() : NeedingFactAttribute(Terraform.Missing ?? Kubectl.Missing);

[AttributeUsage(AttributeTargets.Method)]
internal sealed class SchemaTheoryAttribute : TheoryAttribute
{
    public SchemaTheoryAttribute()
    {
        if (Environment.GetEnvironmentVariable("CI") != "true") Skip = Kubectl.Missing ?? Schemas.Missing ?? Terraform.Missing;
    }
}

[AttributeUsage(AttributeTargets.Method)]
internal sealed class KubectlTheoryAttribute : TheoryAttribute
{
    public KubectlTheoryAttribute()
    {
        if (Environment.GetEnvironmentVariable("CI") != "true") Skip = Kubectl.Missing;
    }
}
