using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace CloneHub.Testing;

/// <summary>An owner of jobs who wants to be called: a server on this machine that writes down who called.</summary>
public sealed class CallbackReceiver : IAsyncDisposable
{
    private readonly ConcurrentQueue<ReceivedCall> _calls = new();
    private readonly WebApplication _app;

    private CallbackReceiver(WebApplication app) => _app = app;

    /// <summary>Where it wants to be called, with a token of its own in the query.</summary>
    public Uri Url => new(Address, "hook?token=" + Token);

    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single());

    public string Token { get; } = ServersFixture.Unique("token-");

    /// <summary>All calls in the order of their arrival, the refused ones too.</summary>
    public IReadOnlyList<ReceivedCall> Calls => [.. _calls];

    /// <summary>What it answers to its first, second, … call; 204 unless told otherwise.</summary>
    public Func<HttpResponse, int, Task> Answering { get; set; } = (response, _) =>
    {
        response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    };

    public static async Task<CallbackReceiver> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var receiver = new CallbackReceiver(app);
        app.Run(receiver.ReceiveAsync);
        await app.StartAsync();
        return receiver;
    }

    public void Answers(int status) => Answering = (response, _) =>
    {
        response.StatusCode = status;
        return Task.CompletedTask;
    };

    public async Task<IReadOnlyList<ReceivedCall>> ReceivedAsync(int count, TimeSpan? patience = null)
    {
        await Eventually.Until($"{count} calls arrive", () => _calls.Count >= count, patience);
        return Calls;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task ReceiveAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync();
        var headers = context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        _calls.Enqueue(new ReceivedCall($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}", headers, body, TimeProvider.System.GetUtcNow()));
        await Answering(context.Response, _calls.Count);
    }
}

/// <summary>One call as it arrived.</summary>
/// <param name="Line">Method and address: POST /hook?token=…</param>
public sealed record ReceivedCall(string Line, IReadOnlyDictionary<string, string> Headers, string Body, DateTimeOffset At)
{
    public string Id => Headers["webhook-id"];

    public JsonElement Json => JsonElement.Parse(Body);

    public string Type => Json.GetProperty("type").GetString()!;

    public JsonElement Job => Json.GetProperty("data");

    /// <summary>Verifies as a receiver does who knows the scheme of Standard Webhooks and nothing else.</summary>
    public bool IsSignedBy(string webhookSecret)
    {
        var key = Convert.FromBase64String(webhookSecret["whsec_".Length..]);
        var signed = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Id}.{Headers["webhook-timestamp"]}.{Body}"));
        var expected = "v1," + Convert.ToBase64String(HMACSHA256.HashData(key, signed));
        return Headers["webhook-signature"].Split(' ').Contains(expected);
    }
}
