using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;

namespace CloneHub.Chaos;

/// <summary>
/// Sends what customers ask to one node after the other, again and again until it is answered, as the API asks of clients; and notes each answer.
/// </summary>
/// <param name="patience">After so long without an answer a call is given up, and that is a fault.</param>
internal sealed class Caller(IReadOnlyList<NodeProcess> nodes, TimeSpan patience)
{
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(150);
    private readonly ConcurrentQueue<string> _faults = [];
    private int _repeats;
    private uint _turn;

    public Answers Answers { get; } = new();

    /// <summary>Answers that say that something is broken, and not only away; and calls that were not answered at all.</summary>
    public IReadOnlyCollection<string> Faults => _faults;

    /// <summary>Calls that had to be made again.</summary>
    public int Repeats => _repeats;

    public async Task<Answer> AskAsync(Errand errand, HttpMethod method, string path, Func<HttpContent?>? content = null, string? key = null)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(started) < patience)
        {
            // Each call goes to the next node: what one has acknowledged the others know.
            var node = (int)(Interlocked.Increment(ref _turn) % nodes.Count);
            if (await TryAsync(errand, node, method, path, content?.Invoke(), key) is { } answer) return answer;
            Interlocked.Increment(ref _repeats);
            await Task.Delay(Pause, TimeProvider.System, CancellationToken.None);
        }

        _faults.Enqueue($"{method} {path} was not answered for {patience.TotalSeconds:0} s");
        return Answer.None(errand);
    }

    private async Task<Answer?> TryAsync(Errand errand, int node, HttpMethod method, string path, HttpContent? content, string? key)
    {
        try
        {
            using var request = new HttpRequestMessage(method, new Uri($"api/v2/{path}", UriKind.Relative)) { Content = content };
            if (key is not null) request.Headers.Add("Idempotency-Key", key);
            var begun = TimeProvider.System.GetUtcNow();
            using var response = await nodes[node].Client.SendAsync(request);
            var text = await response.Content.ReadAsStringAsync();
            var ended = TimeProvider.System.GetUtcNow();
            if (response.StatusCode is HttpStatusCode.ServiceUnavailable) return null;
            if ((int)response.StatusCode >= 500)
            {
                // A fault of ours that is no refusal would be one to mend.
                _faults.Enqueue($"{method} {request.RequestUri}: {(int)response.StatusCode} {text}");
                return null;
            }

            var answer = Answer.Of(errand, node, begun, ended, response, JsonElement.Parse(text));
            Answers.Note(answer);
            return answer;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException)
        {
            // The node is away: that is what the weather is for.
            return null;
        }
    }
}
