using System.Net;
using System.Text;
using System.Text.Json;

namespace CloneHub.Benchmarks.Engine;

/// <summary>A client that asks for jobs and looks until they are done, of whoever is measured.</summary>
internal sealed class Caller(HttpClient client, Contender contender, Uri address)
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan BetweenRareLooks = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    public Uri Posts { get; } = new(address, contender.Post);

    public Uri StatusOf(string job) => new(address, contender.Status.Replace("{0}", job, StringComparison.Ordinal));

    /// <returns>Null if it was not accepted.</returns>
    public async Task<string?> PostAsync(CancellationToken ct)
    {
        using var body = new StringContent(Contender.Body, Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(Posts, body, ct);
        if (answer.StatusCode is not HttpStatusCode.Accepted) return null;
        return JsonElement.Parse(await answer.Content.ReadAsStringAsync(ct)).GetProperty(contender.Id).GetString()!;
    }

    /// <returns>Milliseconds from sending the POST of a job that has everything for itself to reading that all its steps are done.</returns>
    public async Task<double> LoneAsync(CancellationToken ct)
    {
        var started = TimeProvider.System.GetTimestamp();
        await UntilDoneAsync(await RequireAsync(ct), BetweenLooks, ct);
        return TimeProvider.System.GetElapsedTime(started).TotalMilliseconds;
    }

    /// <returns>Seconds until all are done. They are hardly looked at meanwhile: looking costs too.</returns>
    public async Task<double> ThroughAsync(int jobs, int clients, CancellationToken ct)
    {
        var started = TimeProvider.System.GetTimestamp();
        var ids = new string[jobs];
        await Parallel.ForAsync(0, jobs, new ParallelOptions { MaxDegreeOfParallelism = clients, CancellationToken = ct }, async (at, token) => ids[at] = await RequireAsync(token));
        for (var at = jobs - 1; at >= 0; at--) await UntilDoneAsync(ids[at], BetweenRareLooks, ct);
        return TimeProvider.System.GetElapsedTime(started).TotalSeconds;
    }

    private async Task<string> RequireAsync(CancellationToken ct) =>
        await PostAsync(ct) ?? throw new InvalidOperationException($"{contender.Name} has not accepted a job.");

    private async Task UntilDoneAsync(string job, TimeSpan pause, CancellationToken ct)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            using var answer = await client.GetAsync(StatusOf(job), ct);
            var body = await answer.Content.ReadAsStringAsync(ct);
            if (contender.IsDone(answer.StatusCode, body)) return;
            if (TimeProvider.System.GetElapsedTime(started) > Patience) throw new TimeoutException($"{contender.Name}: {job} is not done: {(int)answer.StatusCode} {body}");
            await Task.Delay(pause, TimeProvider.System, ct);
        }
    }
}
