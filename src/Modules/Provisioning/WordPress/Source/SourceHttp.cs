using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using CloneHub.Contracts;
using CloneHub.Provisioning.FrontDoor;

namespace CloneHub.Provisioning.WordPress;

/// <summary>A page as the source sent it.</summary>
internal sealed record SourcePage(Uri Address, HttpStatusCode Status, string Html, Uri? Location, DateTimeOffset? ServerTime, string? Wall)
{
    public bool IsRedirect => (int)Status is >= 300 and < 400 && Location is not null;
}

/// <summary>
/// HTTP to one source site. Every connection goes to an address that was resolved once and is allowed, wherever a redirect leads;
/// redirects are followed by GET only, so that a POST is never silently turned into one.
/// </summary>
internal sealed class SourceHttp : IDisposable
{
    private const int MostRedirects = 8;
    private const int LargestPage = 8 * 1024 * 1024;
    private static readonly TimeSpan PageTimeout = TimeSpan.FromSeconds(40);

    private readonly ConcurrentDictionary<string, string> _cookies = new(StringComparer.Ordinal);
    private readonly TimeProvider _clock;
    private readonly HttpClient _client;
    private readonly JobId? _job;
    private string? _cookieHost;

    /// <param name="job">Whose calls these are. A source notes it with every log-in, so that one that was left open is found again.</param>
    /// <param name="own">Address of a clone of ours, which may be reached as the public does, whatever network it is in.</param>
    public SourceHttp(SourceOptions options, TimeProvider clock, JobId? job = null, Uri? own = null)
    {
        _clock = clock;
        _job = job;
        var guard = new GuardedConnection(options.AllowLoopback, pins: true, SourceFaults.AddressRefused, options.AllowedNetworks);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.All,
            // The trace is the operator's business, not the source's.
            ActivityHeadersPropagator = null,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20),
            PlaintextStreamFilter = (context, _) => ValueTask.FromResult<Stream>(new ReadAheadStream(context.PlaintextStream)),
            ConnectCallback = (context, cancellation) =>
                own is not null && context.DnsEndPoint.Host == own.IdnHost && context.DnsEndPoint.Port == own.Port ? PublicRoute.ConnectAsync(context, cancellation) : guard.OpenAsync(context, cancellation),
        };
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("CloneHub", CustomMigratorPackage.Version));
    }

    /// <summary>Cookies belong to the host that the log-in is made at, and are sent to no other.</summary>
    public void KeepCookiesFor(Uri site) => _cookieHost = site.Authority;

    public bool HasCookie(string prefix) => _cookies.Any(cookie => cookie.Key.StartsWith(prefix, StringComparison.Ordinal));

    public void SetCookie(string name, string value) => _cookies[name] = value;

    public void ForgetCookies() => _cookies.Clear();

    /// <summary>Asks for a page and follows its redirects.</summary>
    public async Task<SourcePage> GetFollowingAsync(Uri address, CancellationToken cancellation)
    {
        var page = await GetAsync(address, cancellation);
        for (var hop = 0; page.IsRedirect; hop++)
        {
            if (hop == MostRedirects) throw SourceFaults.Unreachable("it redirects in a circle.");
            page = await GetAsync(page.Location!, cancellation);
        }

        return page;
    }

    public Task<SourcePage> GetAsync(Uri address, CancellationToken cancellation) =>
        PageAsync(new HttpRequestMessage(HttpMethod.Get, address), cancellation);

    public Task<SourcePage> PostAsync(Uri address, HttpContent content, CancellationToken cancellation) =>
        PageAsync(new HttpRequestMessage(HttpMethod.Post, address) { Content = content }, cancellation);

    /// <summary>Sends a request with the session's cookies and reads the whole answer.</summary>
    public async Task<SourcePage> PageAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(PageTimeout, _clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        var address = request.RequestUri!;
        AddCookies(request);
        try
        {
            using var response = await SendAsync(request, both.Token);
            StoreCookies(response, address);
            await using var body = await response.Content.ReadAsStreamAsync(both.Token);
            var html = await ReadTextAsync(body, both.Token);
            var location = response.Headers.Location is { } to ? new Uri(address, to) : null;
            return new SourcePage(address, response.StatusCode, html, location, response.Headers.Date, WallOf(response));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw SourceFaults.Unreachable($"no answer within {PageTimeout.TotalSeconds:0} seconds.");
        }
        catch (IOException trouble)
        {
            throw SourceFaults.From(trouble);
        }
    }

    /// <summary>Sends a request without cookies; the caller reads and disposes the answer.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        Require(request.RequestUri!);
        request.Headers.ExpectContinue = false;

        // The id is the clone's address as well, so only the site whose owner asked for the clone is told it.
        if (_job is { } job && request.RequestUri!.Authority == _cookieHost)
        {
            foreach (var product in _client.DefaultRequestHeaders.UserAgent) request.Headers.UserAgent.Add(product);
            request.Headers.UserAgent.Add(new ProductInfoHeaderValue($"({job})"));
        }

        request.Headers.CacheControl ??= new CacheControlHeaderValue { NoCache = true };
        try
        {
            return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        }
        catch (HttpRequestException trouble)
        {
            throw SourceFaults.From(trouble);
        }
        finally
        {
            request.Dispose();
        }
    }

    public void Dispose() => _client.Dispose();

    private static void Require(Uri address)
    {
        if (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps) throw SourceFaults.AddressRefused(address.GetLeftPart(UriPartial.Authority));
    }

    private void AddCookies(HttpRequestMessage request)
    {
        // Who shows a password asks as its owner: beside a session WordPress would look at that alone.
        if (request.Headers.Authorization is not null) return;
        if (request.RequestUri!.Authority != _cookieHost || _cookies.IsEmpty) return;
        request.Headers.Add("Cookie", string.Join("; ", _cookies.Select(cookie => $"{cookie.Key}={cookie.Value}")));
    }

    private void StoreCookies(HttpResponseMessage response, Uri address)
    {
        if (address.Authority != _cookieHost || !response.Headers.TryGetValues("Set-Cookie", out var lines)) return;
        foreach (var line in lines)
        {
            var pair = line.AsSpan(0, line.IndexOf(';') is var end and >= 0 ? end : line.Length);
            var equals = pair.IndexOf('=');
            if (equals <= 0) continue;
            var name = pair[..equals].Trim().ToString();
            var value = pair[(equals + 1)..].Trim().ToString();

            // WordPress deletes a cookie by a blank value.
            if (value.Length == 0 || value is "+" or "%20" or "deleted") _cookies.TryRemove(name, out _);
            else _cookies[name] = value;
        }
    }

    private static async Task<string> ReadTextAsync(Stream body, CancellationToken cancellation)
    {
        using var text = new MemoryStream();
        var buffer = new byte[16 * 1024];
        while (text.Length < LargestPage)
        {
            var read = await body.ReadAsync(buffer, cancellation);
            if (read == 0) break;
            text.Write(buffer, 0, read);
        }

        return System.Text.Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
    }

    /// <summary>Answers of known bot walls, which come with a status of success as well.</summary>
    internal static string? WallOf(HttpResponseMessage response)
    {
        bool Says(string header, string value) =>
            response.Headers.TryGetValues(header, out var values) && values.Any(found => found.Contains(value, StringComparison.OrdinalIgnoreCase));
        if (Says("cf-mitigated", "challenge")) return "Cloudflare";
        if (Says("SG-Captcha", "challenge")) return "SiteGround";
        return response.Headers.WwwAuthenticate.Any(scheme => scheme.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase)) ? "Basic" : null;
    }
}
