using System.Globalization;
using CloneHub.Jobs.FollowJob;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace CloneHub.Jobs.Api;

/// <summary>Holds an answer back until the job differs from what its caller has seen, for callers that poll: 'Prefer: wait=N' of RFC 7240.</summary>
internal sealed class StatusWait(IJobReader reader, JobNews news, TimeProvider clock, IHostApplicationLifetime lifetime)
{
    /// <summary>Longer than that proxies do not keep a silent connection.</summary>
    private const int MaxSeconds = 60;

    /// <summary>However often the job has news: each look costs a question to the job and to the queue.</summary>
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(200);

    public static bool IsAskedBy(HttpRequest request) => Preferred(request.Headers["Prefer"].ToString()) > 0;

    /// <summary>Seconds that the caller would wait, at most 60; null if it did not ask for that. What cannot be read is passed over, as the RFC says.</summary>
    public static int? Preferred(string? prefer)
    {
        foreach (var preference in (prefer ?? "").Split(','))
        {
            var pair = preference.Split(';')[0].Split('=', 2, StringSplitOptions.TrimEntries);
            if (pair.Length == 2 && pair[0].Equals("wait", StringComparison.OrdinalIgnoreCase))
                return uint.TryParse(pair[1].Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? (int)Math.Min(seconds, MaxSeconds) : null;
        }

        return null;
    }

    /// <summary>The job as soon as it is not seen yet, or as it is when the time is over. A job whose clone is gone is not waited for.</summary>
    public async Task<JobSnapshot> NextAsync(JobSnapshot job, Func<JobSnapshot, bool> isSeen, TimeSpan wait, CancellationToken cancellation)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lifetime.ApplicationStopping);
        using var follower = news.Follow(job.Job, withQueue: true);
        var started = clock.GetTimestamp();
        try
        {
            while (isSeen(job) && !job.IsTerminal)
            {
                job = await reader.ReadAsync(job.Job, job.Version, end.Token) ?? job;
                if (!isSeen(job)) return job;
                var looked = clock.GetTimestamp();
                var left = wait - clock.GetElapsedTime(started);
                if (left <= TimeSpan.Zero || !await follower.NewsAsync(left, clock, end.Token)) return job;
                var pause = BetweenLooks - clock.GetElapsedTime(looked);
                if (pause > TimeSpan.Zero) await Task.Delay(pause, clock, end.Token);
            }
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // This program goes: the caller gets what is known now.
        }

        return job;
    }
}
