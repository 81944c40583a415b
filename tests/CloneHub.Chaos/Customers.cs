using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using CloneHub.Chaos.Worlds;

namespace CloneHub.Chaos;

/// <summary>
/// People who ask for clones, look at them at one node after the other or at several at once, and sometimes change their mind: they want a clone longer, or not any more,
/// or do not come back to look. They note what should not have been.
/// </summary>
internal sealed class Customers(Caller caller, IWorld world, int seed, TimeSpan patience)
{
    public const int Ttl = 5;
    private const int LongerTtl = 7;
    private readonly Habits _habits = world.Habits;
    private readonly ConcurrentDictionary<string, string> _jobs = [];
    private readonly ConcurrentDictionary<string, bool> _removed = [];
    private readonly ConcurrentQueue<string> _wrongs = [];
    private readonly ConcurrentQueue<string> _waits = [];
    private readonly ConcurrentQueue<(DateTimeOffset At, string What)> _falls = [];
    private int _next;

    /// <summary>Acknowledged jobs.</summary>
    public IReadOnlyCollection<string> Jobs => [.. _jobs.Values];

    /// <summary>Those that somebody wanted to be rid of.</summary>
    public IReadOnlyCollection<string> Removed => [.. _removed.Keys];

    public IReadOnlyCollection<string> Wrongs => _wrongs;

    /// <summary>Jobs whose end they did not live to see.</summary>
    public IReadOnlyCollection<string> Waits => _waits;

    /// <summary>When less progress was told than before.</summary>
    public IReadOnlyCollection<(DateTimeOffset At, string What)> Falls => _falls;

    /// <summary>So many at a time until it is enough; those under way are followed to their end.</summary>
    public Task RunAsync(int atOnce, CancellationToken enough) => Task.WhenAll(Enumerable.Range(0, atOnce).Select(_ => ServeAsync(enough)));

    private async Task ServeAsync(CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            var number = Interlocked.Increment(ref _next);
            var mood = new Random(unchecked((seed * 7919) + number));
            var job = await RequestAsync($"chaos-{seed}-{number}", number, isHasty: mood.NextDouble() < _habits.Hasty);

            // Its job has to go on though nobody asks for it.
            if (mood.NextDouble() < _habits.Leaving)
            {
                await Task.Delay(TimeSpan.FromSeconds(3 * mood.NextDouble()), TimeProvider.System, CancellationToken.None);
                continue;
            }

            if (mood.NextDouble() < _habits.Changing)
            {
                await Task.Delay(TimeSpan.FromSeconds(3 * mood.NextDouble()), TimeProvider.System, CancellationToken.None);
                await RemoveAsync(job);
            }

            await FollowAsync(job, mood);
        }
    }

    private Task<Answer> RemoveAsync(string job)
    {
        _removed[job] = true;
        return caller.AskAsync(Errand.Remove, HttpMethod.Delete, $"jobs/{job}");
    }

    /// <summary>Whoever has seen what they wanted does away with it. What has failed is kept for a look, and nobody wants one.</summary>
    private async Task TidyUpAsync(Answer seen)
    {
        if (seen.Status == "completed" && await world.FaultOfAsync(seen) is { } fault) _wrongs.Enqueue(fault);
        await RemoveAsync(seen.Job);
    }

    /// <param name="isHasty">Asks a second time before the first answer is there.</param>
    private async Task<string> RequestAsync(string key, int number, bool isHasty)
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, isHasty ? 2 : 1).Select(_ => RequestAsync(key, number)));
        if (answers.Distinct().Count() > 1) _wrongs.Enqueue($"{key} has two jobs: {string.Join(", ", answers)}");
        return _jobs[key] = answers[0];
    }

    private async Task<string> RequestAsync(string key, int number)
    {
        var answer = await caller.AskAsync(Errand.Request, HttpMethod.Post, "clone", () => JsonContent.Create(world.Order(number)), key);
        return answer.IsSuccess ? answer.Job : throw new InvalidOperationException($"A request that is in order was refused: {answer.Body}");
    }

    private async Task FollowAsync(string job, Random mood)
    {
        var watch = new JobWatch(job);
        var keeps = mood.NextDouble() < _habits.Keeping;
        var started = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(started) < patience)
        {
            var looks = await Task.WhenAll(Enumerable.Range(0, mood.NextDouble() < _habits.Comparing ? 2 : 1).Select(_ => caller.AskAsync(Errand.Look, HttpMethod.Get, $"job-status/{job}")));
            if (Array.Find(looks, look => look.Code is not HttpStatusCode.OK) is { } missing)
            {
                _wrongs.Enqueue($"{job} was acknowledged and is answered with {(int)missing.Code}");
                return;
            }

            foreach (var wrong in watch.See(looks[0].Body)) _wrongs.Enqueue(wrong);
            if (watch.Fall is { } fall) _falls.Enqueue((TimeProvider.System.GetUtcNow(), fall));
            if (_habits.TidyUp && !_removed.ContainsKey(job) && looks[0].Status is "completed" or "failed") await TidyUpAsync(looks[0]);
            if (watch.IsOver) return;
            if (keeps && looks[0].Status == "completed")
            {
                keeps = false;
                await caller.AskAsync(Errand.Extend, HttpMethod.Post, $"jobs/{job}/extend", () => JsonContent.Create(new { ttl_minutes = LongerTtl }));
            }

            await Task.Delay(Caller.Pause, TimeProvider.System, CancellationToken.None);
        }

        _waits.Enqueue($"{job} is not over after {patience.TotalSeconds:0} s: {watch.Last}");
    }
}
