using System.Collections.Concurrent;
using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace CloneHub.Chaos.Faults;

/// <summary>Faults of what clients are told.</summary>
internal static class BrokenAnswers
{
    private static readonly TimeSpan Stale = TimeSpan.FromMilliseconds(700);
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);
    private static int _turn;

    public static IReadOnlyList<Fault> All { get; } =
    [
        new("ServesStaleStatus", "A node answers from a cache that others do not know of.", [Rules.VersionsNeverFall], services => services.Decorate<IJobReader>((real, _) => new StaleReader(real))),
        new("MissesFreshJobs", "A job is not found before the event log has had its time.", [Rules.AnswersAreInOrder], services => services.Decorate<IJobReader>((real, provider) =>
        {
            var clock = provider.GetRequiredService<TimeProvider>();
            return new Reader(real, job => clock.GetUtcNow() - job?.CreatedAt < Fresh ? null : job);
        })),
        new("TakesBackAnEnd", "A job that is completed is said to run again.", [Rules.AnswersAreInOrder], Telling(job => job is { Status: JobStatus.Completed } && IsTurn() ? job with { Status = JobStatus.Running } : job)),
        new("LetsProgressFall", "Less progress is told than before.", [Rules.ProgressNeverFalls], Telling(job => job is { Status: JobStatus.Running } && IsTurn() ? job with { Progress = job.Progress / 4 } : job)),
        new("RemovesInWordsOnly", "An order to remove is answered and not given to the job.", [Rules.OrdersAreKept], services => services.Decorate<IJobRemover>((_, provider) => new IdleRemover(provider.GetRequiredService<IJobReader>()))),
        new("ExtendsInWordsOnly", "More time is promised to a clone and not given.", [Rules.OrdersAreKept], services => services.Decorate<IJobExtender>((_, provider) =>
            new IdleExtender(provider.GetRequiredService<IJobReader>(), provider.GetRequiredService<TimeProvider>()))),
        new("ForgetsTheKey", "A repeat under the same idempotency key makes a second job.", [Rules.OneJobForOneKey], services => services.AddSingleton<IStartupFilter, KeyLoss>()),
    ];

    private static Action<IServiceCollection> Telling(Func<JobSnapshot?, JobSnapshot?> change) => services => services.Decorate<IJobReader>((real, _) => new Reader(real, change));

    private static bool IsTurn() => Interlocked.Increment(ref _turn) % 3 == 0;

    private sealed class Reader(IJobReader real, Func<JobSnapshot?, JobSnapshot?> change) : IJobReader
    {
        public async Task<JobSnapshot?> ReadAsync(JobId job, long seen, CancellationToken cancellation) => change(await real.ReadAsync(job, seen, cancellation));
    }

    /// <summary>Every other answer comes from what was read before, if that is not too old.</summary>
    private sealed class StaleReader(IJobReader real) : IJobReader
    {
        private readonly ConcurrentDictionary<JobId, (JobSnapshot? Job, long At)> _read = [];

        public async Task<JobSnapshot?> ReadAsync(JobId job, long seen, CancellationToken cancellation)
        {
            if (IsTurn() && _read.TryGetValue(job, out var before) && TimeProvider.System.GetElapsedTime(before.At) < Stale) return before.Job;
            var snapshot = await real.ReadAsync(job, seen, cancellation);
            if (!_read.TryGetValue(job, out before) || TimeProvider.System.GetElapsedTime(before.At) >= Stale) _read[job] = (snapshot, TimeProvider.System.GetTimestamp());
            return snapshot;
        }
    }

    private sealed class IdleRemover(IJobReader reader) : IJobRemover
    {
        public Task<JobSnapshot?> RequestRemovalAsync(JobId job, CancellationToken cancellation) => reader.ReadAsync(job, 0, cancellation);
    }

    private sealed class IdleExtender(IJobReader reader, TimeProvider clock) : IJobExtender
    {
        public async Task<Extension> ExtendAsync(JobId job, TimeSpan ttl, CancellationToken cancellation) =>
            new((await reader.ReadAsync(job, 0, cancellation))! with { ExpiresAt = clock.GetUtcNow() + ttl }, ExtensionResult.Extended);
    }

    private sealed class KeyLoss : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, rest) =>
            {
                context.Request.Headers.Remove("Idempotency-Key");
                return rest(context);
            });
            next(app);
        };
    }
}
