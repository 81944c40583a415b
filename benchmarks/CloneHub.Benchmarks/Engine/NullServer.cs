using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CloneHub.Benchmarks.Engine;

/// <summary>What the web server alone can do on this machine: it reads a request to its end and answers with as many bytes as a job's status has, and keeps nothing.</summary>
internal static class NullServer
{
    public const string Command = "null-server";
    private static readonly byte[] Answer = [.. "{\"status\":\"completed\",\"filler\":\""u8, .. Enumerable.Repeat((byte)'x', 560), .. "\"}"u8];

    public static IReadOnlyList<string> Program(int port) => ["dotnet", typeof(NullServer).Assembly.Location, Command, port.ToString(CultureInfo.InvariantCulture)];

    public static async Task<int> RunAsync(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        await using var app = builder.Build();
        app.MapGet("/jobs/{id}", (HttpContext context) => AnswerAsync(context, StatusCodes.Status200OK));
        app.MapPost("/jobs", async (HttpContext context) =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
            await AnswerAsync(context, StatusCodes.Status202Accepted);
        });
        await app.RunAsync();
        return 0;
    }

    private static async Task AnswerAsync(HttpContext context, int status)
    {
        (context.Response.StatusCode, context.Response.ContentType, context.Response.ContentLength) = (status, "application/json", Answer.Length);
        await context.Response.Body.WriteAsync(Answer, context.RequestAborted);
    }
}
