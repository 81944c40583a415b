using CloneHub.Chaos.Worlds;
using Microsoft.Extensions.DependencyInjection;

namespace CloneHub.Chaos.Faults;

/// <summary>One thing that is broken on purpose, to see that a check notices. It lives here and in no shipped program.</summary>
/// <param name="Breaks">In one sentence, what it breaks.</param>
/// <param name="NoticedBy">Of <see cref="Rules"/> those of which one at least must be found broken; what else breaks with it is no proof.</param>
/// <param name="PutIn">Puts the broken part in the place of the whole one.</param>
/// <param name="NeedsKill">It shows only where a node is killed.</param>
/// <param name="Customers">How customers have to be for it to be seen; null for as usual.</param>
internal sealed record Fault(string Name, string Breaks, IReadOnlyList<string> NoticedBy, Action<IServiceCollection> PutIn, bool NeedsKill = false, Habits? Customers = null)
{
    public static IReadOnlyList<Fault> All { get; } =
    [
        .. BrokenSteps.All, .. BrokenRedis.All, .. BrokenArchive.All, .. BrokenAnswers.All, .. BrokenQueue.All, .. BrokenCleanup.All,
    ];

    public bool IsNoticedIn(Verdict verdict) => verdict.Broken.Any(broken => NoticedBy.Contains(broken.Rule));

    public static Fault Named(string name) => All.Single(fault => fault.Name == name);
}
