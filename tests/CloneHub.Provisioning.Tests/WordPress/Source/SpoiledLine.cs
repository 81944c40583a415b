using CloneHub.Contracts;
using CloneHub.Dev.WordPress;
using CloneHub.Provisioning.WordPress;
using Microsoft.AspNetCore.Http;

namespace CloneHub.Provisioning.Tests.WordPress.Source;

/// <summary>Channels to a connected source that go through a test's own hands.</summary>
internal sealed class SpoiledLine(CloneOrder order, JobSecrets secrets, SourceFacts facts)
{
    private static readonly HttpClient Http = new();

    /// <summary>Passes calls on to the site and lets the test spoil what comes back.</summary>
    public static Task<FakeSite> StartAsync(SourceSite site, Func<HttpContext, byte[], Task> answer) => FakeSite.StartAsync(async context =>
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(site.Url, "?clonehub")) { Content = new ByteArrayContent(body.ToArray()) };
        foreach (var (name, value) in context.Request.Headers.Where(header => header.Key.StartsWith("X-CloneHub", StringComparison.OrdinalIgnoreCase)))
        {
            request.Headers.Add(name, value.ToString());
        }

        using var response = await Http.SendAsync(request);
        await answer(context, await response.Content.ReadAsByteArrayAsync());
    });

    /// <summary>Cuts every other answer, each at another place, and prints something before it.</summary>
    public static Func<HttpContext, byte[], Task> Cutting()
    {
        var answers = 0;
        return async (context, body) =>
        {
            await context.Response.Body.WriteAsync("\uFEFF<br>Warning: something"u8.ToArray());
            var length = ++answers % 2 == 0 ? body.Length : (int)(body.Length * (answers / 7.0 % 1));
            await context.Response.Body.WriteAsync(body.AsMemory(0, length));
            if (length < body.Length) context.Abort();
        };
    }

    public SourceChannel Through(FakeSite line, double answerSeconds = 20, TimeProvider? clock = null) => new(
        new SourceHttp(new SourceOptions { AllowLoopback = true }, clock ?? TimeProvider.System),
        line.Url,
        new CallSigner(order.Job, secrets.ConnectorKey, TimeProvider.System),
        facts,
        "",
        clock ?? TimeProvider.System)
    { AnswerSeconds = answerSeconds };
}
