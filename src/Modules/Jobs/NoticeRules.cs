namespace CloneHub.Jobs;

/// <summary>When the owner of a job is called again. Pure, and the same for every lifecycle.</summary>
internal static class NoticeRules
{
    /// <summary>Pauses after the attempts to call the owner; after the last one the notice is given up: four and a half hours in all.</summary>
    private static readonly TimeSpan[] Pauses =
    [
        TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(20),
        TimeSpan.FromHours(1), TimeSpan.FromHours(3),
    ];

    /// <summary>An owner who asks for a longer pause gets this one.</summary>
    public static readonly TimeSpan MaxPause = TimeSpan.FromHours(1);

    public static int MaxAttempts => Pauses.Length + 1;

    /// <summary>An answer about another notice or an overtaken attempt changes nothing.</summary>
    /// <param name="owed">What the owner has still to be told.</param>
    /// <param name="attempt">The last attempt to tell the first of them.</param>
    public static IReadOnlyList<IJobEvent> Told(ReportNotice n, IReadOnlyList<Notice> owed, int attempt, DateTimeOffset now) => n switch
    {
        _ when owed.Count == 0 || owed[0] != n.Notice || n.Attempt != attempt + 1 => [],
        { Fault: null } => [new NoticeDelivered(n.Notice, n.Attempt, now)],
        _ => [new NoticeFailed(n.Notice, n.Attempt, n.Fault, PauseAfter(n) is { } pause ? now + pause : null, now)],
    };

    /// <summary>Between half of the pause in the table and all of it, or as long as the owner asks; null when there is no further attempt.</summary>
    private static TimeSpan? PauseAfter(ReportNotice n)
    {
        if (n.Final || n.Attempt > Pauses.Length) return null;
        var pause = Pauses[n.Attempt - 1] * ((1 + n.Jitter) / 2);
        var asked = n.RetryAfter > MaxPause ? MaxPause : n.RetryAfter ?? TimeSpan.Zero;
        return asked > pause ? asked : pause;
    }
}
