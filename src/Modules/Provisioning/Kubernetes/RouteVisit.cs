using CloneHub.Contracts;
using CloneHub.Provisioning.Agent;

namespace CloneHub.Provisioning.Kubernetes;

/// <summary>Goes the way the public goes until it leads to the clone: a controller takes its time to hear of a new route.</summary>
internal sealed class RouteVisit(HttpClient http, TimeProvider clock)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(200);

    /// <exception cref="StepFaultException">It did not in time; tells what answered instead.</exception>
    public async Task UntilItLeadsToAsync(Uri address, JobId instance, TimeSpan patience, CancellationToken cancellation)
    {
        var started = clock.GetTimestamp();
        var pause = ShortestPause;
        while (true)
        {
            var answer = await AskAsync(new Uri(address, CloneImage.ReadyPath), cancellation);
            if (answer == instance.Value) return;
            if (clock.GetElapsedTime(started) > patience)
                throw new StepFaultException(new StepFault(
                    "ROUTE_NOT_OPEN", $"The public address did not lead to the clone within {patience.TotalSeconds:0} seconds.",
                    "It is tried again; the operator should see whether the cluster's ingress controller works and the wildcard name leads to it.", Retryable: true));
            await Task.Delay(pause, clock, cancellation);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private async Task<string?> AskAsync(Uri address, CancellationToken cancellation)
    {
        try
        {
            using var answer = await http.GetAsync(address, cancellation);
            return answer.IsSuccessStatusCode ? (await answer.Content.ReadAsStringAsync(cancellation)).Trim() : null;
        }
        catch (HttpRequestException)
        {
            // Nobody listens there yet, or the name is not known yet.
            return null;
        }
    }
}
