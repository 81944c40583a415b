namespace CloneHub.Contracts;

/// <summary>What a node of the cluster does; one may do both.</summary>
public static class NodeRoles
{
    /// <summary>Answers requests and drives jobs.</summary>
    public const string Core = "core";

    /// <summary>Does the steps of jobs.</summary>
    public const string Worker = "worker";
}
