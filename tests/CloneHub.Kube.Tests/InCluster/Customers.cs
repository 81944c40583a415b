using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CloneHub.Dev.WordPress;
using CloneHub.Testing;

namespace CloneHub.Kube.Tests.InCluster;

/// <summary>
/// Those who ask for clones and for how they are coming on, without a pause, whatever happens to the pods. A connection that is cut is asked for again, as any door in front of
/// a Service does; an answer is taken as it is, and must be a 2xx, or a 503 that says when to come again.
/// </summary>
internal sealed class Customers : IAsyncDisposable
{
    private const int Readers = 3;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _jobs = new();
    private readonly ConcurrentQueue<string> _bad = new();
    private readonly HttpClient _api;
    private readonly SourceSite _site;
    private readonly Task _reading;
    private int _answers;
    private int _later;
    private int _cut;

    public Customers(InstalledCloneHub installed)
    {
        (_api, _site) = (installed.NewClient(), installed.Site);
        _reading = Task.WhenAll(Enumerable.Range(0, Readers).Select(_ => ReadAsync()));
    }

    public IReadOnlyCollection<string> Jobs => _jobs;

    /// <summary>Answers that nobody should get.</summary>
    public IReadOnlyCollection<string> BadAnswers => _bad;

    public string Figures => $"{_answers} answers, {_later} of them 503 with Retry-After, {_cut} connections cut, {_jobs.Count} jobs";

    /// <summary>Asks for a clone until that is acknowledged, under one key.</summary>
    public async Task<string> OrderAsync()
    {
        var key = Guid.NewGuid().ToString("N");
        var job = await Eventually.Get("a clone is ordered", async () =>
        {
            using var order = new HttpRequestMessage(HttpMethod.Post, new Uri("clone", UriKind.Relative))
            {
                Content = JsonContent.Create(new { source_url = _site.Url, source_username = _site.AdminUser, source_password = _site.AdminPassword, ttl_minutes = 30 }),
            };
            order.Headers.Add("Idempotency-Key", key);
            return (await AskAsync(order))?.GetProperty("job_id").GetString();
        }, Patience);
        _jobs.Enqueue(job);
        return job;
    }

    public async Task<JsonElement?> StatusAsync(string job)
    {
        using var question = new HttpRequestMessage(HttpMethod.Get, new Uri($"job-status/{job}", UriKind.Relative));
        return await AskAsync(question);
    }

    /// <summary>Waits until every job that was acknowledged is over, and answers how each ended.</summary>
    public async Task<IReadOnlyList<JsonElement>> AllOverAsync()
    {
        var over = new List<JsonElement>();
        foreach (var job in _jobs)
        {
            await Eventually.Until($"{job} is over", async () =>
            {
                if (await StatusAsync(job) is not { } status || status.GetProperty("status").GetString() is "pending" or "running") return false;
                over.Add(status);
                return true;
            }, Patience);
        }

        return over;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading;
        _stop.Dispose();
        _api.Dispose();
    }

    private async Task ReadAsync()
    {
        using var pace = new PeriodicTimer(Pace, TimeProvider.System);
        try
        {
            while (await pace.WaitForNextTickAsync(_stop.Token))
            {
                foreach (var job in _jobs.TakeLast(Readers)) await StatusAsync(job);
            }
        }
        catch (OperationCanceledException)
        {
            // They have seen enough.
        }
    }

    /// <returns>Null if there was no answer, or the one that asks to come again.</returns>
    private async Task<JsonElement?> AskAsync(HttpRequestMessage question)
    {
        try
        {
            using var answer = await _api.SendAsync(question);
            var text = await answer.Content.ReadAsStringAsync();
            Interlocked.Increment(ref _answers);
            if (answer.IsSuccessStatusCode) return JsonDocument.Parse(text).RootElement;
            if (answer is { StatusCode: HttpStatusCode.ServiceUnavailable, Headers.RetryAfter: not null }) Interlocked.Increment(ref _later);
            else _bad.Enqueue($"{question.Method} {question.RequestUri}: {(int)answer.StatusCode} {text}");
        }
        catch (HttpRequestException)
        {
            Interlocked.Increment(ref _cut);
        }

        return null;
    }
}
