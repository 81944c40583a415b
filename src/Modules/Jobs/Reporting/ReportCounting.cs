using CloneHub.Contracts;

namespace CloneHub.Jobs.Reporting;

/// <summary>What one event adds to its day. Pure: no clock, no I/O; the same events in any order make the same day.</summary>
internal static class ReportCounting
{
    private const int MillisecondsOfHour = 3_600_000;

    /// <param name="job">The job as it was before the event.</param>
    public static void Count(this ReportDay day, ReportedJob job, IJobEvent e)
    {
        switch (e)
        {
            case CloneRequested:
                day.Requested++;
                break;
            case Started:
                day.QueueWait.Add(e.At - job.RequestedAt);
                break;
            case IngressReady:
                day.Completed++;
                day.CountLive(+1, e.At);
                break;
            case StepFailed f:
                day.CountFailure(f.Step, f.Fault.Code, jobs: 0, retries: 1);
                break;
            case JobFailed f:
                day.Failed++;
                day.CountFailure(f.Step, f.Fault.Code, jobs: 1, retries: 0);
                break;
            case Cancelled:
                day.Cancelled++;
                break;
        }

        if (job.Serves && e is CancelRequested or Expired or Removed) day.CountLive(-1, e.At);
        if (StepDoneBy(e) is { } step && job.Step == step) day.CountStep(step, e.At - job.StepStartedAt!.Value);
    }

    private static CloneStep? StepDoneBy(IJobEvent e) => e switch
    {
        DatabaseReady => CloneStep.CreateDatabase,
        PodReady => CloneStep.StartPod,
        ContentImported => CloneStep.ImportContent,
        PluginActivated => CloneStep.ActivatePlugin,
        IngressReady => CloneStep.OpenIngress,
        Crawled { Facts: not null } => CloneStep.Crawl,
        MediaFetched { Facts: not null } => CloneStep.FetchMedia,
        Removed or Cancelled => CloneStep.Remove,
        _ => null,
    };

    private static void CountStep(this ReportDay day, CloneStep step, TimeSpan duration)
    {
        if (!day.Steps.TryGetValue(step, out var histogram)) day.Steps[step] = histogram = new DurationHistogram();
        histogram.Add(duration);
    }

    private static void CountFailure(this ReportDay day, CloneStep? step, string code, long jobs, long retries)
    {
        var key = $"{step}/{code}";
        var known = day.Failures.GetValueOrDefault(key) ?? new FailureCount(step, code, 0, 0);
        day.Failures[key] = known with { Jobs = known.Jobs + jobs, Retries = known.Retries + retries };
    }

    private static void CountLive(this ReportDay day, int change, DateTimeOffset at)
    {
        var hour = at.UtcDateTime.Hour;
        var left = MillisecondsOfHour - (long)(at.UtcDateTime.TimeOfDay - TimeSpan.FromHours(hour)).TotalMilliseconds;
        var known = day.Live.GetValueOrDefault(hour) ?? new LiveHour(0, 0);
        day.Live[hour] = new LiveHour(known.Change + change, known.Milliseconds + (change * left));
        day.LiveChange += change;
    }
}
