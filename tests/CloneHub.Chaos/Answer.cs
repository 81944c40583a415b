using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;

namespace CloneHub.Chaos;

/// <summary>What a customer wanted when they were answered.</summary>
internal enum Errand
{
    Request,
    Look,
    Extend,
    Remove,
}

/// <summary>One answer about a job, and the time between the question and it.</summary>
/// <param name="Node">Who answered, counted from 0.</param>
/// <param name="Version">Of the job, from the answer's ETag; 0 if it has none.</param>
/// <param name="IsRemoved">It says that nothing of the clone exists any more.</param>
internal sealed record Answer(
    string Job, Errand Errand, int Node, DateTimeOffset Begun, DateTimeOffset Ended, HttpStatusCode Code, long Version, string? Status, DateTimeOffset? ExpiresAt, bool IsRemoved, JsonElement Body)
{
    public static Answer None(Errand errand) => new("", errand, 0, default, default, HttpStatusCode.ServiceUnavailable, 0, null, null, false, default);

    public bool IsSuccess => (int)Code < 300;

    public static Answer Of(Errand errand, int node, DateTimeOffset begun, DateTimeOffset ended, HttpResponseMessage response, JsonElement body) => new(
        Text(body, "job_id") ?? "", errand, node, begun, ended, response.StatusCode, VersionOf(response.Headers.ETag?.Tag), Text(body, "status"),
        body.TryGetProperty("expires_at", out var expires) ? expires.GetDateTimeOffset() : null,
        body.TryGetProperty("result", out var result) && result.TryGetProperty("removed_at", out _),
        body);

    /// <summary>An ETag is the version, and then a digest of what moves between versions.</summary>
    private static long VersionOf(string? tag) => tag?.Trim('"').Split('-') is [var version, _] && long.TryParse(version, out var number) ? number : 0;

    private static string? Text(JsonElement body, string name) => body.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;
}

/// <summary>All that customers were answered, by job.</summary>
internal sealed class Answers
{
    private readonly ConcurrentDictionary<string, ConcurrentQueue<Answer>> _byJob = [];

    public int Count => _byJob.Values.Sum(answers => answers.Count);

    public void Note(Answer answer)
    {
        if (answer.IsSuccess) _byJob.GetOrAdd(answer.Job, _ => []).Enqueue(answer);
    }

    public IEnumerable<(string Job, IReadOnlyList<Answer> Given)> ByJob => _byJob.Select(job => (job.Key, (IReadOnlyList<Answer>)[.. job.Value]));
}
