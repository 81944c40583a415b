using System.Text.Json.Serialization;
using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress;

namespace CloneHub.Provisioning.Agent;

/// <summary>The commands of clonehub-agent: its only argument.</summary>
internal static class AgentCommand
{
    /// <summary>Takes an <see cref="ImportRequest"/>, ends with <see cref="AgentImported"/>.</summary>
    public const string Import = "import";

    /// <summary>Takes an <see cref="ActivateRequest"/>, ends with <see cref="AgentActivated"/>.</summary>
    public const string Activate = "activate";

    /// <summary>Takes a <see cref="ProbeRequest"/>, ends with <see cref="AgentProbed"/>.</summary>
    public const string Probe = "probe";

    /// <summary>Takes a <see cref="LogRequest"/>, ends with <see cref="AgentLog"/>.</summary>
    public const string Log = "log";

    /// <summary>Takes nothing, prints the program's version and nothing else.</summary>
    public const string Version = "version";
}

/// <summary>What the agent is asked. Secrets come in here and never as arguments, which everybody on the machine can read.</summary>
/// <param name="Fence">Of the step's token: an agent with an older one stops as soon as a newer one has begun.</param>
internal abstract record AgentRequest(JobId Job, long Fence)
{
    /// <summary>Version of these records. An agent refuses any other: Host and image are of one release.</summary>
    public const int CurrentProtocol = 1;

    public int Protocol { get; init; } = CurrentProtocol;
}

/// <summary>The database of a clone, as its pod reaches it.</summary>
/// <param name="Password">Null where the pod has it as <see cref="CloneImage.DatabasePasswordKey"/> of its mounted Secret.</param>
internal sealed record AgentDatabase(string Host, uint Port, string Name, string User, Secret? Password = null);

/// <summary>Fill the clone, count and compare. Starts over what an earlier attempt left.</summary>
/// <param name="PublicUrl">Address that the clone will have.</param>
/// <param name="PublicKey">Of the job: the clone's plugin obeys whoever has the other half.</param>
/// <param name="Site">The source with our connector on it; null to copy what it publishes.</param>
/// <param name="SigningKey">The other half, for calls to <paramref name="Site"/>.</param>
/// <param name="PublishedAt">The source where it is read without a log-in; null otherwise.</param>
/// <param name="AllowLoopback">As <see cref="SourceOptions.AllowLoopback"/>, seen from the pod.</param>
/// <param name="AllowedNetworks">As <see cref="SourceOptions.AllowedNetworks"/>, in CIDR form.</param>
internal sealed record ImportRequest(
    JobId Job, long Fence, Uri PublicUrl, AgentDatabase Database, string PublicKey, SourcePass? Site = null, Secret? SigningKey = null, Uri? PublishedAt = null,
    bool AllowLoopback = false, IReadOnlyList<string>? AllowedNetworks = null)
    : AgentRequest(Job, Fence);

/// <summary>Ask the clone's plugin who it is and have it make the caller's administrator.</summary>
/// <param name="Password">Of that administrator.</param>
internal sealed record ActivateRequest(JobId Job, long Fence, Uri PublicUrl, AgentDatabase Database, Secret SigningKey, Secret Password)
    : AgentRequest(Job, Fence);

/// <summary>Say what there is. Changes nothing and claims nothing.</summary>
internal sealed record ProbeRequest(JobId Job, Uri PublicUrl) : AgentRequest(Job, 0);

/// <summary>Read the end of a log. Changes nothing and claims nothing.</summary>
/// <param name="Lines">How many at most.</param>
/// <param name="Log">Null for PHP's, which is what an agent knew before there were others.</param>
internal sealed record LogRequest(
    JobId Job, int Lines, [property: JsonConverter(typeof(JsonStringEnumConverter<CloneLogKind>))] CloneLogKind? Log = null) : AgentRequest(Job, 0);
