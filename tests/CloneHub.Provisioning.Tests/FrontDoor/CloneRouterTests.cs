using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CloneHub.Contracts;
using CloneHub.Provisioning.Local;
using CloneHub.Provisioning.Tests.Local;
using CloneHub.Testing;
using Microsoft.AspNetCore.Builder;

namespace CloneHub.Provisioning.Tests.FrontDoor;

// xUnit ends the fields in DisposeAsync of IAsyncLifetime.
#pragma warning disable CA1001
[Trait("Needs", "servers")]
public sealed class CloneRouterTests(ServersFixture servers) : IClassFixture<ServersFixture>, IAsyncLifetime
#pragma warning restore CA1001
{
    private const string Echo = """
        <?php
        header('Set-Cookie: a=1; path=/; HttpOnly', false);
        header('Set-Cookie: b=2; path=/wp-admin', false);
        foreach (['HTTP_HOST','REMOTE_ADDR','HTTP_X_FORWARDED_FOR','HTTP_X_FORWARDED_PROTO','HTTP_X_FORWARDED_HOST','HTTP_FORWARDED','HTTP_COOKIE','HTTPS'] as $k)
            $seen[$k] = $_SERVER[$k] ?? null;
        echo json_encode($seen);
        """;

    private LocalStage _stage = null!;
    private WebApplication _door = null!;
    private HttpClient _visitor = null!;

    public async Task InitializeAsync()
    {
        _stage = await LocalStage.OpenAsync(servers);
        _door = await PublicDoor.OpenAsync(_stage);
        _visitor = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = new Uri(_door.Urls.Single()) };
    }

    public async Task DisposeAsync()
    {
        _visitor.Dispose();
        await _door.DisposeAsync();
        await _stage.DisposeAsync();
    }

    [Fact]
    public async Task A_clone_sees_the_public_host_and_who_really_asks()
    {
        var order = await _stage.ServeAsync(("echo.php", Echo));
        using var request = To(order, "/echo.php");
        foreach (var claim in (string[])["X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "X-Real-IP"]) request.Headers.TryAddWithoutValidation(claim, "6.6.6.6");
        request.Headers.TryAddWithoutValidation("X-Forwarded-Proto", "https");
        request.Headers.TryAddWithoutValidation("Cookie", "wordpress_logged_in_x=admin%7C1; b=2");

        using var answer = await _visitor.SendAsync(request);
        var seen = (await answer.Content.ReadFromJsonAsync<Dictionary<string, string?>>())!;
        Assert.Equal(HostOf(order), seen["HTTP_HOST"]);
        Assert.Equal("127.0.0.1", seen["REMOTE_ADDR"]);
        Assert.Equal("127.0.0.1", seen["HTTP_X_FORWARDED_FOR"]);
        Assert.Equal("http", seen["HTTP_X_FORWARDED_PROTO"]);
        Assert.Equal(HostOf(order), seen["HTTP_X_FORWARDED_HOST"]);
        Assert.Null(seen["HTTP_FORWARDED"]);
        Assert.Null(seen["HTTPS"]);
        Assert.Equal("wordpress_logged_in_x=admin%7C1; b=2", seen["HTTP_COOKIE"]);
        Assert.Equal(["a=1; path=/; HttpOnly", "b=2; path=/wp-admin"], answer.Headers.GetValues("Set-Cookie"));
    }

    [Fact]
    public async Task A_redirect_comes_through_as_the_clone_sent_it()
    {
        var order = await _stage.ServeAsync(("go.php", "<?php header('Location: http://elsewhere.example/x?y=1#z', true, 301);"));
        using var answer = await _visitor.SendAsync(To(order, "/go.php"));
        Assert.Equal(HttpStatusCode.MovedPermanently, answer.StatusCode);
        Assert.Equal("http://elsewhere.example/x?y=1#z", answer.Headers.Location!.OriginalString);

        using var folder = await _visitor.SendAsync(To(order, "/wp-admin"));
        Assert.Equal("/wp-admin/", folder.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task A_host_without_an_open_route_is_told_so_with_a_hint()
    {
        using var answer = await _visitor.SendAsync(To(TestJobs.NewOrder(), "/"));
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("CLONE_NOT_FOUND", problem.GetProperty("code").GetString());
        Assert.NotEmpty(problem.GetProperty("hint").GetString()!);
    }

    [Fact]
    public async Task A_host_that_names_no_job_is_the_service_itself() =>
        Assert.Equal("the service itself", await _visitor.GetStringAsync(new Uri("/", UriKind.Relative)));

    [Fact]
    public async Task A_clone_whose_PHP_is_gone_is_told_apart_from_one_that_answers_with_an_error()
    {
        var order = await _stage.ServeAsync(("bad.php", "<?php http_response_code(502); echo 'my own';"));
        using var own = await _visitor.SendAsync(To(order, "/bad.php"));
        Assert.Equal("my own", await own.Content.ReadAsStringAsync());

        await _stage.Get<PhpFpm>().RemoveAsync(order.Job, default);
        using var answer = await _visitor.SendAsync(To(order, "/bad.php"));
        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Equal("CLONE_UNAVAILABLE", (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString());
    }

    [Fact]
    public async Task An_upload_of_128_megabytes_arrives()
    {
        const int Size = 128 << 20;
        var order = await _stage.ServeAsync(("upload.php", "<?php echo $_FILES['f']['size'], ' ', $_FILES['f']['error'];"));
        using var request = To(order, "/upload.php");
        request.Method = HttpMethod.Post;
        request.Content = new MultipartFormDataContent { { new ByteArrayContent(new byte[Size]), "f", "big.bin" } };

        using var answer = await _visitor.SendAsync(request);
        Assert.Equal($"{Size} 0", await answer.Content.ReadAsStringAsync());
    }

    private string HostOf(CloneOrder order) => $"{order.Job}.localhost:{_stage.Port}";

    private HttpRequestMessage To(CloneOrder order, string path) =>
        new(HttpMethod.Get, new Uri(path, UriKind.Relative)) { Headers = { Host = HostOf(order) } };
}
