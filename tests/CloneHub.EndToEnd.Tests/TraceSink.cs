using System.Collections.Concurrent;
using System.Text;
using CloneHub.Dev.Servers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace CloneHub.EndToEnd.Tests;

/// <summary>A collector of OpenTelemetry that keeps what it is sent, as it came: texts stand in protobuf as they are.</summary>
internal sealed class TraceSink(WebApplication app, ConcurrentQueue<byte[]> received, int port) : IAsyncDisposable
{
    /// <summary>Settings of a Host that is to send here.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://127.0.0.1:{port}",
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
    };

    public string Text => string.Concat(received.Select(Encoding.Latin1.GetString));

    public static async Task<TraceSink> StartAsync()
    {
        var (received, port) = (new ConcurrentQueue<byte[]>(), Ports.Free());
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var app = builder.Build();
        app.MapPost("/v1/{kind}", async (HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            received.Enqueue(body.ToArray());
        });
        await app.StartAsync();
        return new TraceSink(app, received, port);
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
