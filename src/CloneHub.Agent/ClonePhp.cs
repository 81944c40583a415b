using System.Globalization;
using System.Net;
using CloneHub.Provisioning.Agent;
using CloneHub.Provisioning.Local;

namespace CloneHub.Agent;

/// <summary>The clone's web server and PHP, as they are reached from inside the pod.</summary>
internal sealed class ClonePhp(PodLayout pod, TimeProvider clock) : IDisposable
{
    private const int Reload = 12; // SIGUSR2
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public HttpClient Http { get; } = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false }) { Timeout = TimeSpan.FromMinutes(5) };

    /// <summary>Asks for an address of the clone as its visitors would, whether its route is open or not.</summary>
    public Task<HttpResponseMessage> AskAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        var address = request.RequestUri!;
        request.RequestUri = new Uri(pod.Server, address.PathAndQuery);
        request.Headers.Host = address.Authority;
        request.Headers.Add("X-Forwarded-Proto", address.Scheme);
        return Http.SendAsync(request, cancellation);
    }

    /// <summary>
    /// Fresh processes over the same sockets: what they had compiled is forgotten, and no request is refused. A PHP that looks at most every
    /// two seconds whether a file has changed would otherwise serve the site as it was before.
    /// </summary>
    public async Task RenewAsync(Uri publicUrl, CancellationToken cancellation)
    {
        if (!File.Exists(pod.PhpPid) || !int.TryParse(await File.ReadAllTextAsync(pod.PhpPid, cancellation), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var master)) return;
        Posix.Signal(master, Reload);
        var start = clock.GetTimestamp();
        while (await StatusAsync(new Uri(publicUrl, CloneImage.ReadyPath), cancellation) != HttpStatusCode.OK)
        {
            if (clock.GetElapsedTime(start) > Patience) throw new TimeoutException("PHP does not answer after it was renewed.");
            await Task.Delay(Pause, clock, cancellation);
        }

        // The first page of a new PHP compiles WordPress. That time is better spent before a visitor waits for it.
        await StatusAsync(publicUrl, cancellation);
    }

    /// <returns>Null if nothing answers.</returns>
    public async Task<HttpStatusCode?> StatusAsync(Uri address, CancellationToken cancellation)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            using var answer = await AskAsync(request, cancellation);
            await answer.Content.CopyToAsync(Stream.Null, cancellation);
            return answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            // That nobody answers is what was asked.
            return null;
        }
    }

    public void Dispose() => Http.Dispose();
}
