using System.Net;

namespace CloneHub.Provisioning.Kubernetes;

/// <summary>Nobody answers at the API server's address, or not in time: CloneHub's own trouble, and none of the job's.</summary>
internal sealed class ClusterAwayException(Exception cause) : HttpRequestException("The API server of the cluster does not answer.", cause);

/// <summary>
/// Waits as long as a busy API server says (429 with Retry-After) and asks again, a few times. What it says to one call holds for all: those that come
/// meanwhile would only keep it busy.
/// </summary>
internal sealed class PatientHandler(TimeProvider clock) : DelegatingHandler
{
    private const int Tries = 5;

    /// <summary>For one call with its waits; that of the client as a whole is longer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(25);

    private readonly Lock _gate = new();
    private DateTimeOffset _notBefore;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                while (Closed is { } wait) await Task.Delay(wait, clock, either.Token);
                var answer = await base.SendAsync(request, either.Token);
                if (answer.StatusCode != HttpStatusCode.TooManyRequests) return answer;
                CloseFor(answer.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(attempt));
                if (attempt == Tries) return answer;
                answer.Dispose();
            }
        }
        catch (HttpRequestException silent)
        {
            throw new ClusterAwayException(silent);
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ClusterAwayException(late);
        }
    }

    /// <summary>How long nothing may be asked; null if it may.</summary>
    private TimeSpan? Closed
    {
        get
        {
            lock (_gate) return _notBefore - clock.GetUtcNow() is { Ticks: > 0 } wait ? wait : null;
        }
    }

    private void CloseFor(TimeSpan time)
    {
        lock (_gate)
        {
            if (clock.GetUtcNow() + time is var then && then > _notBefore) _notBefore = then;
        }
    }
}
