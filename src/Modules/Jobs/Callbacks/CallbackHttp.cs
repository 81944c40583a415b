using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using Microsoft.Extensions.Options;

namespace CloneHub.Jobs.Callbacks;

/// <summary>
/// HTTP to addresses that strangers have named: connections go to addresses that were looked up here and are allowed, redirects and
/// proxies are not followed, little is read. The client tells no trace of its calls, because those would name the address.
/// </summary>
internal sealed class CallbackHttp : IDisposable
{
    private const int MostKilobytesOfHeaders = 16;
    private const int MostOfAnswer = 4 * 1024;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly CallbackSigner _signer;
    private readonly TimeProvider _clock;
    private readonly HttpMessageInvoker _client;

    public CallbackHttp(CallbackSigner signer, IOptions<JobsApiOptions> options, TimeProvider clock)
    {
        (_signer, _clock) = (signer, clock);
        _client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ActivityHeadersPropagator = null,
            ConnectCallback = new GuardedConnection(options.Value.AllowLoopbackSources, pins: false, _ => new AddressRefusedException()).OpenAsync,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20),
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
            MaxResponseHeadersLength = MostKilobytesOfHeaders,
            MaxResponseDrainSize = MostOfAnswer,
            ResponseDrainTimeout = TimeSpan.FromSeconds(1),
        });
    }

    public async Task<CallbackAnswer> PostAsync(Uri address, Callback callback)
    {
        using var limit = new CancellationTokenSource(Limit, _clock);
        using var request = Request(address, callback);
        try
        {
            using var response = await _client.SendAsync(request, limit.Token);
            return Read(response);
        }
        catch (OperationCanceledException)
        {
            return new CallbackAnswer($"The address did not answer within {Limit.TotalSeconds:0} seconds.");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException or InvalidOperationException)
        {
            // Its message names the host: only what kind of fault it is may be told.
            return new CallbackAnswer(Reason(e));
        }
    }

    public void Dispose() => _client.Dispose();

    private HttpRequestMessage Request(Uri address, Callback callback)
    {
        var timestamp = _clock.GetUtcNow().ToUnixTimeSeconds();
        var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ReadOnlyMemoryContent(callback.Body) };
        request.Content.Headers.ContentType = Json;
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("CloneHub", null));
        request.Headers.Add("webhook-id", callback.Id);
        request.Headers.Add("webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", _signer.Sign(callback.Tenant, callback.Id, timestamp, callback.Body.Span));
        return request;
    }

    private CallbackAnswer Read(HttpResponseMessage response) => (int)response.StatusCode switch
    {
        >= 200 and < 300 => CallbackAnswer.Delivered,
        410 => new CallbackAnswer("The address answered 410: it wants no calls.", Final: true),
        >= 300 and < 400 and var status => new CallbackAnswer($"The address answered {status}; redirects are not followed."),
        var status => new CallbackAnswer($"The address answered {status}.", RetryAfter: PauseOf(response.Headers.RetryAfter)),
    };

    private TimeSpan? PauseOf(RetryConditionHeaderValue? asked) => asked?.Delta ?? (asked?.Date - _clock.GetUtcNow());

    private static string Reason(Exception e) => e switch
    {
        { InnerException: AddressRefusedException } => "The address is not public.",
        { InnerException: SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } } => "The name of the address does not resolve.",
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => "No secure connection to the address: its certificate is not valid.",
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => "Nobody answers at the address.",
        _ => "The address did not answer as HTTP asks.",
    };

    private sealed class AddressRefusedException() : IOException("The address is not public.");
}
