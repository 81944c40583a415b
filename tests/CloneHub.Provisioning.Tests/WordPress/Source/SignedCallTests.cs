using System.Net;
using System.Text;
using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress;
using CloneHub.Testing;
using Microsoft.Extensions.Time.Testing;

namespace CloneHub.Provisioning.Tests.WordPress.Source;

/// <summary>Which calls the connector obeys, and what everybody else gets.</summary>
[Trait("Needs", "servers")]
public sealed class SignedCallTests(SourceSiteFixture fixture) : IClassFixture<SourceSiteFixture>, IAsyncLifetime
{
    private static readonly HttpClient Http = new();
    private readonly CloneOrder _order = SourceTests.OrderFor(fixture.Site.Url);
    private readonly JobSecrets _secrets = SourceTests.Administrator(fixture.Site);
    private SourceChannel _channel = null!;

    private Uri Endpoint => new(fixture.Site.Url, "?clonehub");

    public async Task InitializeAsync() => _channel = await SourceTests.Connector.ConnectAsync(_order, _secrets, 1, CancellationToken.None);

    public async Task DisposeAsync()
    {
        await _channel.ByeAsync(CancellationToken.None);
        await _channel.DisposeAsync();
    }

    [Fact]
    public async Task A_stranger_gets_the_sites_own_page()
    {
        var page = await (await Http.PostAsync(Endpoint, null)).Content.ReadAsStringAsync();
        Assert.Contains("<html", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_for_another_job_gets_the_sites_own_page()
    {
        using var other = new CallSigner(SourceTests.NewJob(), _secrets.ConnectorKey, TimeProvider.System);
        var page = await (await Http.SendAsync(other.Sign(Endpoint, "hello", "{}"u8.ToArray()))).Content.ReadAsStringAsync();
        Assert.Contains("<html", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("X-CloneHub-Op", "schema")]
    [InlineData("X-CloneHub-Nonce", "00000000000000000000000000000000")]
    [InlineData("X-CloneHub-Sig", "AAAA")]
    public async Task A_tampered_call_is_refused(string header, string value)
    {
        using var signer = NewSigner();
        using var request = signer.Sign(Endpoint, "hello", "{}"u8.ToArray());
        request.Headers.Remove(header);
        request.Headers.Add(header, value);
        Assert.Equal("401 signature", await RefusalOf(request));
    }

    [Fact]
    public async Task A_call_with_another_body_is_refused()
    {
        using var signer = NewSigner();
        using var request = signer.Sign(Endpoint, "hello", "{}"u8.ToArray());
        request.Content = new StringContent("{\"a\":1}", Encoding.UTF8, "application/json");
        Assert.Equal("401 signature", await RefusalOf(request));
    }

    [Fact]
    public async Task A_call_of_another_time_is_refused_and_the_caller_learns_the_sites_time()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch);
        using var signer = new CallSigner(_order.Job, _secrets.ConnectorKey, clock);
        using var request = signer.Sign(Endpoint, "hello", "{}"u8.ToArray());
        Assert.Equal("401 skew", await RefusalOf(request));

        using var http = new SourceHttp(new SourceOptions { AllowLoopback = true }, TimeProvider.System);
        var answer = await new SourceCalls(http.SendAsync, Endpoint, signer, clock).AskAsync("hello", "{}"u8.ToArray(), CancellationToken.None);
        Assert.Equal(_order.Job.Value, answer.GetProperty("job").GetString());
    }

    /// <summary>Clone and site of a restore trust one key: PHP in the clone may send on what it was told.</summary>
    [Fact]
    public async Task What_a_clone_was_told_is_refused_by_the_site_that_gets_its_content()
    {
        var order = SourceTests.OrderFor(fixture.Site.Url);
        var use = ConnectorUse.ToRestore(order.Job, _secrets.ConnectorKey);
        await using var target = await SourceTests.Connector.ConnectAsync(order, _secrets, 1, CancellationToken.None, use);
        using var toldToClone = new CallSigner(order.Job, _secrets.ConnectorKey, TimeProvider.System);
        using var request = toldToClone.Sign(Endpoint, "dump", "{}"u8.ToArray());
        using var toldToSite = new CallSigner(order.Job, _secrets.ConnectorKey, TimeProvider.System, use.Work);
        using var own = toldToSite.Sign(Endpoint, "hello", "{}"u8.ToArray());

        Assert.Equal("401 signature", await RefusalOf(request));
        using var answer = await Http.SendAsync(own);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await target.ByeAsync(CancellationToken.None);
    }

    [Fact]
    public async Task An_order_to_leave_that_was_meant_for_another_build_is_refused()
    {
        using var signer = NewSigner();
        using var request = signer.Sign(Endpoint, "bye", "{\"build\":\"another\"}"u8.ToArray());
        Assert.Equal("401 stale", await RefusalOf(request));
    }

    [Fact]
    public async Task An_operation_that_is_not_offered_is_refused()
    {
        using var signer = NewSigner();
        using var request = signer.Sign(Endpoint, "restore", "{}"u8.ToArray());
        Assert.Equal("403 operation", await RefusalOf(request));
    }

    private CallSigner NewSigner() => new(_order.Job, _secrets.ConnectorKey, TimeProvider.System);

    private async Task<string> RefusalOf(HttpRequestMessage request)
    {
        using var response = await Http.SendAsync(request);
        var error = System.Text.Json.JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("error").GetString();
        return $"{(int)response.StatusCode} {error}";
    }
}
