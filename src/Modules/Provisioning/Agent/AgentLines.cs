using System.Text.Json.Serialization;
using CloneHub.Contracts;

namespace CloneHub.Provisioning.Agent;

/// <summary>One line on the agent's standard output. Any number of progress and heartbeats, then one <see cref="AgentEnd"/> and nothing more.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(AgentProgress), "progress")]
[JsonDerivedType(typeof(AgentAlive), "alive")]
[JsonDerivedType(typeof(AgentImported), "imported")]
[JsonDerivedType(typeof(AgentActivated), "activated")]
[JsonDerivedType(typeof(AgentProbed), "probed")]
[JsonDerivedType(typeof(AgentLog), "log")]
[JsonDerivedType(typeof(AgentFailed), "failed")]
[JsonDerivedType(typeof(AgentOvertaken), "overtaken")]
internal abstract record AgentLine;

/// <param name="Fraction">0 to 1.</param>
internal sealed record AgentProgress(double Fraction, string Message) : AgentLine;

/// <summary>Every five seconds, whatever else is said: who hears nothing for longer than a minute listens to nobody.</summary>
internal sealed record AgentAlive : AgentLine;

/// <summary>How a command ended.</summary>
internal abstract record AgentEnd : AgentLine;

/// <param name="PeakMemory">Bytes that the agent held at most; it shares a small pod with the clone's PHP.</param>
/// <param name="Proof">Null for a copy of what the source publishes.</param>
internal sealed record AgentImported(ContentFacts Content, IReadOnlyList<string> Warnings, long PeakMemory = 0, ContentProof? Proof = null) : AgentEnd;

internal sealed record AgentActivated(string Version, string Username) : AgentEnd;

/// <param name="AgentVersion">Version of the program.</param>
/// <param name="HasContent">An import of this job has ended here; false in a new pod, whose files are those of the image.</param>
/// <param name="HomeStatus">HTTP status of the clone's home page; null if nothing answers.</param>
internal sealed record AgentProbed(string AgentVersion, bool HasContent, int? HomeStatus) : AgentEnd;

internal sealed record AgentLog(CloneLog Log) : AgentEnd;

/// <summary>The command failed for a reason that has a name: the same one that a step on this machine would have ended with.</summary>
internal sealed record AgentFailed(StepFault Fault) : AgentEnd;

/// <summary>An agent with a newer fence works in this pod.</summary>
internal sealed record AgentOvertaken : AgentEnd;
