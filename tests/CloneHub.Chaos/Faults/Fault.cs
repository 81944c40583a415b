using CloneHub.Chaos.Worlds;
using Microsoft.Extensions.DependencyInjection;

namespace CloneHub.Chaos.Faults;

/// <summary>One thing that is broken on purpose, to see that a check notices. It lives here and in no shipped program.</summary>
/// <param name="Breaks">In one sentence, what it breaks.</param>
/// <param name="PutIn">Puts the broken part in the place of the whole one.</param>
/// <param name="NeedsKill">It shows only where a node is killed.</param>
/// <param name="Customers">How customers have to be for it to be seen; null for as usual.</param>
internal sealed record Fault(string Name, string Breaks, Action<IServiceCollection> PutIn, bool NeedsKill = false, Habits? Customers = null)
{
    public static IReadOnlyList<Fault> All { get; } =
    [
        .. BrokenSteps.All, .. BrokenRedis.All, .. BrokenArchive.All, .. BrokenAnswers.All, .. BrokenQueue.All, .. BrokenCleanup.All,
    ];

    public static Fault Named(string name) => All.Single(fault => fault.Name == name);
}
