using System.Net;
using System.Text.Json;

namespace CloneHub.Benchmarks.Engine;

/// <summary>
/// Who is measured. All keep the same contract: a POST is answered by 202 once its job is on disk; the job has five steps that do nothing, and each step's completion
/// is on disk before the next one begins; a GET tells how it goes.
/// </summary>
/// <param name="Post">Where jobs are posted to.</param>
/// <param name="Status">Where a job is asked for; {0} is its id.</param>
/// <param name="Id">The field of the answer that holds the job's id.</param>
/// <param name="Done">What its status says once all is done; null where the answer is 200 only then.</param>
/// <param name="StartAsync">Starts its programs; answers where it listens.</param>
internal sealed record Contender(string Name, string Post, string Status, string Id, string? Done, Func<EngineStage, CancellationToken, Task<Uri>> StartAsync)
{
    public const string Body = """{"source_url":"http://127.0.0.1:9/","source_username":"admin","source_password":"correct horse"}""";

    public bool IsDone(HttpStatusCode status, string body) =>
        status is HttpStatusCode.OK && (Done is null || (JsonElement.Parse(body).TryGetProperty("status", out var said) && said.GetString() == Done));
}
