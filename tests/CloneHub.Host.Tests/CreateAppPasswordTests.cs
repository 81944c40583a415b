using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using CloneHub.Dev.WordPress;
using CloneHub.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CloneHub.Host.Tests;

[Trait("Needs", "servers")]
public sealed class CreateAppPasswordTests(HostFixture fixture) : IClassFixture<HostFixture>
{
    private const string Path = "/create-app-password";

    [Theory]
    [InlineData("url", """{"username":"admin","password":"x"}""")]
    [InlineData("url", """{"url":"https://a:b@example.com/","username":"admin","password":"x"}""")]
    [InlineData("username", """{"url":"https://example.com/","username":"","password":"x"}""")]
    [InlineData("password", """{"url":"https://example.com/","username":"admin"}""")]
    [InlineData("app_name", """{"url":"https://example.com/","username":"admin","password":"x","app_name":" "}""")]
    [InlineData("source_url", """{"url":"https://example.com/","username":"admin","password":"x","source_url":"x"}""")]
    public async Task A_field_that_is_not_right_is_named(string field, string body)
    {
        var problem = (await PostAsync(fixture.Host, new StringContent(body, null, "application/json"))).IsProblem(400, "VALIDATION_FAILED");

        Assert.True(problem.Json.GetProperty("errors").TryGetProperty(field, out _), problem.Text);
    }

    [Theory]
    [InlineData("http://127.0.0.1/")]
    [InlineData("http://169.254.169.254/")]
    [InlineData("http://10.1.2.3/")]
    public async Task An_address_inside_is_refused(string url)
    {
        var problem = (await PostAsync(fixture.Host, Body(url, "admin", "x"))).IsProblem(400, "SOURCE_ADDRESS_REFUSED");

        Assert.True(problem.Json.GetProperty("errors").TryGetProperty("url", out _), problem.Text);
    }

    [Fact]
    public async Task The_password_stands_in_the_answer_and_nowhere_else()
    {
        var servers = new ServersFixture();
        await servers.InitializeAsync();
        var options = new SourceSiteOptions { Name = ServersFixture.Unique("s"), Defines = new Dictionary<string, string> { ["WP_ENVIRONMENT_TYPE"] = "'local'" } };
        await using var site = await servers.StartSiteAsync(options);
        using var log = new EveryLine();
        await using var host = await RunningHost.StartAsync(
            servers, new Dictionary<string, string> { ["Logging:LogLevel:Default"] = "Trace" }, services => services.AddSingleton<ILoggerProvider>(log));
        var spans = new ConcurrentQueue<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span => spans.Enqueue($"{span.DisplayName} {string.Join(' ', span.TagObjects)} {span.StatusDescription}"),
        };
        ActivitySource.AddActivityListener(listener);

        var refused = await PostAsync(host, Body(site.Url.AbsoluteUri, "admin", "not-the-password"));
        var made = await PostAsync(host, Body(site.Url.AbsoluteUri, site.AdminUser, site.AdminPassword));

        refused.IsProblem(422, "LOGIN_FAILED");
        Assert.Equal(200, made.Status);
        Assert.True(made.Headers.CacheControl?.NoStore);
        Assert.Equal(("CloneHub", "True"), (made["app_name"], made["success"]));
        Assert.Contains(spans, span => span.Contains(Path, StringComparison.Ordinal));
        Assert.NotEmpty(log.Lines);
        foreach (var secret in new[] { made["application_password"], made["application_password"].Replace(" ", "", StringComparison.Ordinal), site.AdminPassword, "not-the-password" })
        {
            Assert.DoesNotContain(log.Lines, line => line.Contains(secret, StringComparison.Ordinal));
            Assert.DoesNotContain(spans, span => span.Contains(secret, StringComparison.Ordinal));
        }
    }

    private static Task<Answer> PostAsync(RunningHost host, HttpContent body) => host.SendAsync(HttpMethod.Post, Path, body);

    private static JsonContent Body(string url, string username, string password) => JsonContent.Create(new { url, username, password });

    private sealed class EveryLine : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
