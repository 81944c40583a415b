using CloneHub.Contracts;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace CloneHub.Chaos.Faults;

/// <summary>Faults of who decides when a clone must go.</summary>
internal static class BrokenCleanup
{
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(8);

    public static IReadOnlyList<Fault> All { get; } =
    [
        new("ExpiresLate", "Deadlines are looked at eight seconds late.", [Rules.NoneExpiresLate], services => services.Decorate<IJobDirectory>((real, provider) =>
            new Directory(real) { Late = Late * ChaosNode.Settings(provider).GetValue<int>("Speed") })),
        new("ExpiresEarly", "Now and then a node's clock is minutes ahead, and clones go before their time.", [Rules.NoneGoneEarly, Rules.NoneExpiresEarly], services => services.Decorate<TimeProvider>((real, _) => new HastyClock(real))),
        new("SweepsTheLiving", "The sweep takes a clone that serves for one that nobody wants.", [Rules.NothingSwept], services => services.Decorate<IJobDirectory>((real, _) => new Directory(real) { SeesLife = false })),
    ];

    private sealed class Directory(IJobDirectory real) : IJobDirectory
    {
        public TimeSpan Late { get; init; }

        public bool SeesLife { get; init; } = true;

        public Task<IReadOnlyList<JobId>> DueAsync(DateTimeOffset now, int skip, int limit, CancellationToken cancellation) => real.DueAsync(now - Late, skip, limit, cancellation);

        public async Task<JobPresence> PresenceAsync(JobId job, CancellationToken cancellation) => SeesLife ? await real.PresenceAsync(job, cancellation) : JobPresence.Gone;

        public Task<DateTimeOffset?> DeadlineAsync(JobId job, CancellationToken cancellation) => real.DeadlineAsync(job, cancellation);
    }

    /// <summary>For a second out of four it is four minutes ahead.</summary>
    private sealed class HastyClock(TimeProvider real) : TimeProvider
    {
        private static readonly long Began = System.GetTimestamp();

        public override DateTimeOffset GetUtcNow() => real.GetUtcNow() + (System.GetElapsedTime(Began).TotalSeconds % 4 > 3 ? TimeSpan.FromMinutes(4) : TimeSpan.Zero);
    }
}
