namespace CloneHub.Contracts;

/// <summary>What clones can do here, which depends on where they live.</summary>
public interface ICloneAbilities
{
    /// <summary>See <see cref="CloneMedia.OnDemand"/>.</summary>
    bool MediaOnDemand { get; }
}
