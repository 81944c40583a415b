using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using CloneHub.Provisioning.Tests.WordPress.Source;
using Microsoft.AspNetCore.Http;

namespace CloneHub.Provisioning.Tests.WordPress.PublicSite;

/// <summary>A web server that answers as the public side of a WordPress does, but for what a test makes it do instead.</summary>
internal sealed class FakeApi : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, RequestDelegate> _answers = new(StringComparer.Ordinal);
    private FakeSite _site = null!;

    /// <summary>Paths with queries, in the order in which they were asked for.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    public Uri Url => _site.Url;

    /// <summary>Numbers of the posts it publishes.</summary>
    public IReadOnlyList<int> Posts { get; set; } = [1, 2, 3];

    public string Home { get; set; } = "<html><head><meta name=\"generator\" content=\"WordPress 6.6\"></head><body>Welcome</body></html>";

    public static async Task<FakeApi> StartAsync()
    {
        var api = new FakeApi();
        api._site = await FakeSite.StartAsync(api.AnswerAsync);
        return api;
    }

    /// <summary>Answers a path in another way.</summary>
    public FakeApi On(string path, RequestDelegate answer)
    {
        _answers[path] = answer;
        return this;
    }

    public FakeApi On(string path, int status, string body = "", string type = "text/plain", params (string Name, string Value)[] headers) => On(path, async context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        foreach (var (name, value) in headers) context.Response.Headers[name] = value;
        await context.Response.WriteAsync(body);
    });

    /// <summary>An answer without end: so many bytes at a time, with a moment between.</summary>
    public FakeApi Drips(string path, int bytes, string type = "application/json") => On(path, async context =>
    {
        context.Response.ContentType = type;
        var piece = new byte[bytes];
        Array.Fill(piece, (byte)' ');
        using var beat = new PeriodicTimer(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        while (await beat.WaitForNextTickAsync(context.RequestAborted)) await context.Response.Body.WriteAsync(piece, context.RequestAborted);
    });

    /// <summary>The usual answer, for those who only come in between.</summary>
    public Task UsualAsync(HttpContext context) => context.Request.Path.Value switch
    {
        "/" => WriteAsync(context, Home, "text/html"),
        "/wp-json/" => JsonAsync(context, new { name = "Fake", description = "", home = Url.AbsoluteUri, url = Url.AbsoluteUri, namespaces = (string[])["wp/v2"] }),
        "/wp-json/wp/v2/posts" => ListAsync(context, Posts),
        "/wp-json/wp/v2/pages" => ListAsync(context, []),
        _ => MissingAsync(context),
    };

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    private Task AnswerAsync(HttpContext context)
    {
        Asked.Enqueue(context.Request.Path + context.Request.QueryString);
        return _answers.TryGetValue(context.Request.Path.Value!, out var answer) ? answer(context) : UsualAsync(context);
    }

    private static Task ListAsync(HttpContext context, IReadOnlyList<int> ids)
    {
        int Asked(string name) => int.TryParse(context.Request.Query[name], CultureInfo.InvariantCulture, out var number) ? number : 0;
        context.Response.Headers["X-WP-Total"] = ids.Count.ToString(CultureInfo.InvariantCulture);
        return JsonAsync(context, ids.Skip(Asked("offset")).Take(Asked("per_page")).Select(id => new { id, title = new { rendered = $"Post {id}" } }));
    }

    private static Task MissingAsync(HttpContext context)
    {
        context.Response.StatusCode = 404;
        return WriteAsync(context, "<html>Nothing here</html>", "text/html");
    }

    private static Task JsonAsync(HttpContext context, object value) => WriteAsync(context, JsonSerializer.Serialize(value), "application/json");

    private static Task WriteAsync(HttpContext context, string text, string type)
    {
        context.Response.ContentType = type;
        return context.Response.WriteAsync(text);
    }
}
