using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace CloneHub.Chaos;

/// <summary>
/// People who ask for clones, look at them and sometimes change their mind. They do what the API asks of clients: what was not answered is asked again under the
/// same key. They note what should not have been.
/// </summary>
internal sealed class Customers(IReadOnlyList<NodeProcess> nodes, int seed)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private readonly ConcurrentDictionary<string, string> _jobs = [];
    private readonly ConcurrentQueue<string> _wrongs = [];
    private readonly ConcurrentQueue<(DateTimeOffset At, string What)> _falls = [];
    private int _next;
    private int _repeats;
    private uint _turn;

    /// <summary>Acknowledged jobs.</summary>
    public IReadOnlyCollection<string> Jobs => [.. _jobs.Values];

    public IReadOnlyCollection<string> Wrongs => _wrongs;

    /// <summary>When less progress was told than before.</summary>
    public IReadOnlyCollection<(DateTimeOffset At, string What)> Falls => _falls;

    /// <summary>Calls that had to be made again.</summary>
    public int Repeats => _repeats;

    /// <summary>So many at a time until it is enough; those under way are followed to their end.</summary>
    public Task RunAsync(int atOnce, CancellationToken enough) => Task.WhenAll(Enumerable.Range(0, atOnce).Select(_ => ServeAsync(enough)));

    private async Task ServeAsync(CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            var number = Interlocked.Increment(ref _next);
            var mood = new Random(unchecked((seed * 7919) + number));
            var job = await RequestAsync($"chaos-{seed}-{number}", number, isHasty: mood.NextDouble() < 0.2);
            if (mood.NextDouble() < 0.2)
            {
                await Task.Delay(TimeSpan.FromSeconds(3 * mood.NextDouble()), TimeProvider.System, CancellationToken.None);
                using var _ = await SendAsync(() => new HttpRequestMessage(HttpMethod.Delete, Api($"jobs/{job}")));
            }

            await FollowAsync(job);
        }
    }

    /// <param name="isHasty">Asks a second time before the first answer is there.</param>
    private async Task<string> RequestAsync(string key, int number, bool isHasty)
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, isHasty ? 2 : 1).Select(_ => AskAsync(key, number)));
        if (answers.Distinct().Count() > 1) _wrongs.Enqueue($"{key} has two jobs: {string.Join(", ", answers)}");
        _jobs[key] = answers[0];
        return answers[0];
    }

    private async Task<string> AskAsync(string key, int number)
    {
        var order = new { source_url = "http://127.0.0.1:9/", source_username = "admin", source_password = "correct horse", customer_id = $"c{number % 5}", ttl_minutes = 5 };
        using var answer = await SendAsync(() => new HttpRequestMessage(HttpMethod.Post, Api("clone")) { Content = JsonContent.Create(order), Headers = { { "Idempotency-Key", key } } });
        var body = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return body.TryGetProperty("job_id", out var job) ? job.GetString()! : throw new InvalidOperationException($"A request that is in order was refused: {body}");
    }

    private async Task FollowAsync(string job)
    {
        var watch = new JobWatch(job);
        var started = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(started) < Patience)
        {
            using var answer = await SendAsync(() => new HttpRequestMessage(HttpMethod.Get, Api($"job-status/{job}")));
            if (answer.StatusCode is not HttpStatusCode.OK)
            {
                _wrongs.Enqueue($"{job} was acknowledged and is answered with {(int)answer.StatusCode}");
                return;
            }

            foreach (var wrong in watch.See(await answer.Content.ReadFromJsonAsync<JsonElement>())) _wrongs.Enqueue(wrong);
            if (watch.Fall is { } fall) _falls.Enqueue((TimeProvider.System.GetUtcNow(), fall));
            if (watch.IsOver) return;
            await Task.Delay(Pause, TimeProvider.System, CancellationToken.None);
        }

        _wrongs.Enqueue($"{job} is not over after {Patience.TotalMinutes} minutes: {watch.Last}");
    }

    private async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> call)
    {
        while (true)
        {
            try
            {
                using var request = call();
                // Each call goes to the next node: what one has acknowledged the others know.
                var node = nodes[(int)(Interlocked.Increment(ref _turn) % nodes.Count)];
                var answer = await node.Client.SendAsync(request);
                if ((int)answer.StatusCode < 500) return answer;

                // A fault of ours that is no refusal would be one to mend.
                if (answer.StatusCode is not HttpStatusCode.ServiceUnavailable) _wrongs.Enqueue($"{request.Method} {request.RequestUri}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
                answer.Dispose();
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException)
            {
                // The node is away: that is what the weather is for.
            }

            Interlocked.Increment(ref _repeats);
            await Task.Delay(Pause, TimeProvider.System, CancellationToken.None);
        }
    }

    private static Uri Api(string path) => new($"api/v2/{path}", UriKind.Relative);
}
