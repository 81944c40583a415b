using System.Net;

namespace CloneHub.Provisioning.Kubernetes;

/// <summary>Waits as long as a busy API server says (429 with Retry-After) and asks again, a few times.</summary>
internal sealed class PatientHandler(TimeProvider clock) : DelegatingHandler
{
    private const int Tries = 5;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var answer = await base.SendAsync(request, cancellationToken);
            if (answer.StatusCode != HttpStatusCode.TooManyRequests || attempt == Tries) return answer;
            var wait = answer.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(attempt);
            answer.Dispose();
            await Task.Delay(wait < Longest ? wait : Longest, clock, cancellationToken);
        }
    }
}
