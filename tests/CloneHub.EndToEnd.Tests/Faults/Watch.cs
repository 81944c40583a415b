using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;

namespace CloneHub.EndToEnd.Tests.Faults;

/// <summary>Asks for the status of jobs all the time, and notes every answer that goes back, is none, or comes late.</summary>
internal sealed class Watch(HttpClient client) : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private static readonly string[] Order = ["pending", "running", "completed"];

    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _watchers = [];

    /// <summary>Answers that contradict an earlier one.</summary>
    public ConcurrentQueue<string> StepsBack { get; } = [];

    /// <summary>Answers other than 200: status and code.</summary>
    public ConcurrentQueue<string> Refusals { get; } = [];

    public TimeSpan Slowest { get; private set; }

    public void Follow(string job) => _watchers.Add(FollowAsync(job));

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_watchers);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task FollowAsync(string job)
    {
        using var beat = new PeriodicTimer(Interval, TimeProvider.System);
        var (rank, progress, end) = (0, 0, (string?)null);
        while (!_stop.IsCancellationRequested)
        {
            if (await AskAsync(job) is { } now)
            {
                if (now.Rank < rank || now.Progress < progress || (end is not null && now.Status != end))
                    StepsBack.Enqueue($"{job}: after {end ?? Order[rank]} {progress} % came {now.Status} {now.Progress} %");
                (rank, progress) = (Math.Max(rank, now.Rank), Math.Max(progress, now.Progress));
                if (now.Rank == 2) end ??= now.Status;
            }

            await beat.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private async Task<(int Rank, string Status, int Progress)?> AskAsync(string job)
    {
        var started = TimeProvider.System.GetTimestamp();
        try
        {
            using var answer = await client.GetAsync(new Uri($"api/v2/job-status/{job}", UriKind.Relative));
            var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
            if (answer.StatusCode != HttpStatusCode.OK)
            {
                Refusals.Enqueue($"{(int)answer.StatusCode} {body.GetProperty("code").GetString()} {(answer.Headers.RetryAfter is null ? "without Retry-After" : "")}".Trim());
                return null;
            }

            var status = body.GetProperty("status").GetString()!;
            var rank = Array.IndexOf(Order, status) is >= 0 and var known ? known : 2;
            return (rank, status, body.GetProperty("progress").GetInt32());
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            Refusals.Enqueue($"{e.GetType().Name}: {e.Message}");
            return null;
        }
        finally
        {
            var took = TimeProvider.System.GetElapsedTime(started);
            if (took > Slowest) Slowest = took;
        }
    }
}
