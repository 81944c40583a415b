using System.Text.Json;
using CloneHub.Provisioning.WordPress;
using CloneHub.Testing;
using Microsoft.AspNetCore.Http;

namespace CloneHub.Provisioning.Tests.WordPress.Source;

/// <summary>Signed calls to a site whose answers a test writes; every pause between two of them is over at once.</summary>
internal sealed class ScriptedConnector : IAsyncDisposable
{
    private readonly FakeSite _site;
    private readonly SourceHttp _http;
    private readonly CallSigner _signer;
    private int _calls;

    private ScriptedConnector(FakeSite site)
    {
        _site = site;
        _http = new SourceHttp(new SourceOptions { AllowLoopback = true }, Clock);
        _signer = new CallSigner(SourceTests.NewJob(), SourceTests.Secrets("admin", "").ConnectorKey, TimeProvider.System);
        Channel = new SourceChannel(_http, site.Url, _signer, facts: null!, "build", Clock);
    }

    public HastyTime Clock { get; } = new(TimeSpan.FromSeconds(20));

    public SourceChannel Channel { get; }

    public int Calls => Volatile.Read(ref _calls);

    /// <param name="answers">One after another; the last one serves all further calls.</param>
    public static async Task<ScriptedConnector> StartAsync(params RequestDelegate[] answers)
    {
        ScriptedConnector? connector = null;
        var site = await FakeSite.StartAsync(context => answers[Math.Min(Interlocked.Increment(ref connector!._calls), answers.Length) - 1](context));
        return connector = new ScriptedConnector(site);
    }

    public static RequestDelegate Page(int status) => async context =>
    {
        context.Response.StatusCode = status;
        await context.Response.WriteAsync("<html></html>");
    };

    public static RequestDelegate Frames(params (FrameType Type, byte[] Payload)[] frames) => async context =>
    {
        foreach (var (type, payload) in frames) await context.Response.Body.WriteAsync(FrameReaderTests.Frame((byte)type, payload));
    };

    public static RequestDelegate Error(bool isFinal) =>
        Frames((FrameType.Error, JsonSerializer.SerializeToUtf8Bytes(new { message = "no such luck", at = "Some.php:7", final = isFinal })));

    /// <summary>The line breaks inside the first frame.</summary>
    public static RequestDelegate HalfAnAnswer() => async context =>
    {
        await context.Response.Body.WriteAsync(FrameReaderTests.Frame((byte)FrameType.Json, "{}"u8));
        await context.Response.Body.FlushAsync();
        context.Abort();
    };

    public async ValueTask DisposeAsync()
    {
        await Channel.DisposeAsync();
        await _site.DisposeAsync();
    }
}
