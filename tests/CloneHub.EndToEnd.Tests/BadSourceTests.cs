using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using CloneHub.Dev.Servers;
using CloneHub.Dev.WordPress;
using CloneHub.Testing;

namespace CloneHub.EndToEnd.Tests;

/// <summary>Sources that cannot be cloned: each is told with its code, cause and hint, and nothing stays behind.</summary>
[Trait("Needs", "servers")]
public sealed class BadSourceTests(SourceSiteFixture fixture) : IClassFixture<SourceSiteFixture>, IAsyncLifetime
{
    private HostProcess _host = null!;

    public async Task InitializeAsync() => _host = await HostProcess.StartAsync(fixture.Servers);

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Each_fails_with_its_name_and_leaves_nothing()
    {
        await fixture.Site.AddUserAsync(new SiteUser("eddie", "editor-password-1", "editor"), CancellationToken.None);
        using var page = new PlainPage();

        await AssertFailsAsync(new Uri($"http://127.0.0.1:{Ports.Free()}/"), "admin", "x", "SOURCE_UNREACHABLE");
        await AssertFailsAsync(page.Address, "admin", "x", "NOT_WORDPRESS");
        await AssertFailsAsync(fixture.Site.Url, "admin", "wrong", "LOGIN_FAILED");
        await AssertFailsAsync(fixture.Site.Url, "nobody", "wrong", "LOGIN_FAILED");
        await AssertFailsAsync(fixture.Site.Url, "eddie", "editor-password-1", "NOT_ADMIN");

        Assert.Empty(await Traces.OnSourceAsync(fixture.Site));
    }

    private async Task AssertFailsAsync(Uri source, string user, string password, string code)
    {
        var api = new CloneApi(_host);
        using var body = System.Net.Http.Json.JsonContent.Create(new { source_url = source, source_username = user, source_password = password });
        using var answer = await _host.Client.PostAsync(new Uri("api/v2/clone", UriKind.Relative), body);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var job = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("job_id").GetString()!;

        var error = (await api.WaitAsync(job, "failed")).GetProperty("error");
        Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.Equal("import_content", error.GetProperty("step").GetString());
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
        Assert.NotEmpty(error.GetProperty("hint").GetString()!);

        await api.RemoveAsync(job);
        await Eventually.Until($"nothing of {job} is left", async () => (await new Traces(_host, fixture.Servers).OfCloneAsync(job)).Count == 0, CloneApi.Patience);
        Assert.Equal("failed", (await api.StatusAsync(job)).GetProperty("status").GetString());
    }

    /// <summary>A web server that answers every request with the same page.</summary>
    private sealed class PlainPage : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

        public PlainPage()
        {
            _listener.Start();
            Address = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
            _ = ServeAsync();
        }

        public Uri Address { get; }

        public void Dispose() => _listener.Dispose();

        private async Task ServeAsync()
        {
            const string Page = "<!doctype html><title>A page</title><p>This is no WordPress.</p>";
            var answer = Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {Page.Length}\r\nConnection: close\r\n\r\n{Page}");
            try
            {
                while (true)
                {
                    using var connection = await _listener.AcceptTcpClientAsync();
                    var stream = connection.GetStream();
                    var received = await stream.ReadAsync(new byte[64 * 1024]);
                    if (received > 0) await stream.WriteAsync(answer);
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The listener was closed: the test is over.
            }
        }
    }
}
