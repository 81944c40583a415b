using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CloneHub.Contracts;

namespace CloneHub.Chaos;

/// <summary>
/// People who ask for clones and look at them through the front door until they serve. They bear to be told to come back later, and nothing else:
/// whatever is no answer of the API to a request that is in order they note.
/// </summary>
internal sealed class Visitors(HttpClient front)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private readonly ConcurrentDictionary<string, string?> _ends = [];
    private readonly ConcurrentQueue<string> _wrongs = [];
    private int _next;
    private int _answers;
    private int _laters;

    /// <summary>Acknowledged jobs.</summary>
    public IReadOnlyCollection<string> Jobs => [.. _ends.Keys];

    public int Served => _ends.Values.Count(end => end == "completed");

    public IReadOnlyCollection<string> Wrongs => _wrongs;

    public int Answers => _answers;

    /// <summary>Of the answers those that said to come back later.</summary>
    public int Laters => _laters;

    /// <summary>So many at a time until it is enough; jobs under way are followed to their end.</summary>
    public Task RunAsync(int atOnce, CancellationToken enough) => Task.WhenAll(Enumerable.Range(0, atOnce).Select(async _ =>
    {
        while (!enough.IsCancellationRequested) await VisitAsync();
    }));

    private async Task VisitAsync()
    {
        var key = $"visit-{Interlocked.Increment(ref _next)}";
        var order = new { source_url = "http://127.0.0.1:9/", source_username = "admin", source_password = "correct horse", ttl_minutes = 60 };
        using var accepted = await SendAsync(() => new HttpRequestMessage(HttpMethod.Post, Api("clone")) { Content = JsonContent.Create(order), Headers = { { "Idempotency-Key", key } } });
        var job = (await BodyAsync(accepted)).GetProperty("job_id").GetString()!;
        _ends[job] = null;
        while (_ends[job] is null)
        {
            await Task.Delay(Pause, TimeProvider.System, CancellationToken.None);
            using var answer = await SendAsync(() => new HttpRequestMessage(HttpMethod.Get, Api($"job-status/{job}")));
            var body = await BodyAsync(answer);
            if (body.GetProperty("status").GetString() is not ("pending" or "running") and var end) _ends[job] = end;
            if (body.GetProperty("status").GetString() == "failed" && !IsOfTheLedger(body)) _wrongs.Enqueue($"{job} has failed: {body}");
        }
    }

    /// <summary>Now and then the ledger refuses for good, as sources do.</summary>
    private static bool IsOfTheLedger(JsonElement body) => body.GetProperty("error").GetProperty("code").GetString() == StepFault.BackendUnavailable;

    private async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> call)
    {
        while (true)
        {
            using var request = call();
            try
            {
                var answer = await front.SendAsync(request);
                Interlocked.Increment(ref _answers);
                if (answer.IsSuccessStatusCode) return answer;
                await NoteAsync(request, answer);
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException)
            {
                _wrongs.Enqueue($"{request.Method} {request.RequestUri} was not answered: {e.Message}");
            }

            await Task.Delay(Pause, TimeProvider.System, CancellationToken.None);
        }
    }

    private async Task NoteAsync(HttpRequestMessage request, HttpResponseMessage answer)
    {
        using var refusal = answer;
        if (answer.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable && answer.Headers.RetryAfter is not null) Interlocked.Increment(ref _laters);
        else _wrongs.Enqueue($"{request.Method} {request.RequestUri}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    private static async Task<JsonElement> BodyAsync(HttpResponseMessage answer) => await answer.Content.ReadFromJsonAsync<JsonElement>();

    private static Uri Api(string path) => new($"api/v2/{path}", UriKind.Relative);
}
