using CloneHub.Contracts;

namespace CloneHub.Provisioning;

/// <summary>As the back end has it.</summary>
internal sealed class CloneAbilities(ICloneBackend backend) : ICloneAbilities
{
    public bool MediaOnDemand => backend.MediaOnDemand;
}
