using System.Net;

namespace CloneHub.Provisioning.Kubernetes;

/// <summary>Nobody answers at the API server's address, or not in time: CloneHub's own trouble, and none of the job's.</summary>
internal sealed class ClusterAwayException(Exception cause) : HttpRequestException("The API server of the cluster does not answer.", cause);

/// <summary>What a busy API server says to one call holds for all: those that come meanwhile would only keep it busy.</summary>
internal sealed class ClusterGate(TimeProvider clock)
{
    /// <summary>For one call with its waits; that of the client as a whole is longer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(25);

    private readonly Lock _gate = new();
    private DateTimeOffset _notBefore;

    /// <summary>Makes a call once calls may be made.</summary>
    /// <exception cref="ClusterAwayException">There was no answer after 25 seconds.</exception>
    public async Task<T> PassAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            await WaitAsync(either.Token);
            return await call(either.Token);
        }
        catch (HttpRequestException silent)
        {
            throw new ClusterAwayException(silent);
        }
        catch (OperationCanceledException late) when (!cancellation.IsCancellationRequested)
        {
            throw new ClusterAwayException(late);
        }
    }

    /// <summary>Ends when calls may be made.</summary>
    public async Task WaitAsync(CancellationToken cancellation)
    {
        while (Closed is { } wait) await Task.Delay(wait, clock, cancellation);
    }

    /// <summary>Nothing may be asked for that long.</summary>
    public void CloseFor(TimeSpan time)
    {
        lock (_gate)
        {
            if (clock.GetUtcNow() + time is var then && then > _notBefore) _notBefore = then;
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
}

/// <summary>Waits as long as a busy API server says (429 with Retry-After) and asks again, a few times.</summary>
internal sealed class PatientHandler(ClusterGate gate) : DelegatingHandler
{
    private const int Tries = 5;

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        gate.PassAsync(stop => AskAsync(request, stop), cancellationToken);

    private async Task<HttpResponseMessage> AskAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            var answer = await base.SendAsync(request, cancellation);
            if (answer.StatusCode != HttpStatusCode.TooManyRequests) return answer;
            gate.CloseFor(answer.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(attempt));
            if (attempt == Tries) return answer;
            answer.Dispose();
            await gate.WaitAsync(cancellation);
        }
    }
}
