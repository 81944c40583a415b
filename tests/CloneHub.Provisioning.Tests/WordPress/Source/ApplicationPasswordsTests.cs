using System.Net;
using System.Text.RegularExpressions;
using System.Web;
using CloneHub.Contracts;
using CloneHub.Dev.Host;
using CloneHub.Dev.WordPress;
using CloneHub.Provisioning.WordPress;
using CloneHub.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace CloneHub.Provisioning.Tests.WordPress.Source;

[Trait("Needs", "servers")]
public sealed partial class ApplicationPasswordsTests : IClassFixture<ServersFixture>, IAsyncLifetime
{
    private const string Sessions = "SELECT * FROM wp_usermeta WHERE meta_key = 'session_tokens'";

    private readonly ServersFixture _servers;
    private SourceSite _site = null!;

    public ApplicationPasswordsTests(ServersFixture servers) => _servers = servers;

    public async Task InitializeAsync() => _site = await _servers.StartSiteAsync(new SourceSiteOptions
    {
        Name = ServersFixture.Unique("s"),
        Defines = new Dictionary<string, string> { ["WP_ENVIRONMENT_TYPE"] = "is_file(__DIR__ . '/mode-production') ? 'production' : 'local'" },
        MuPlugin = """
            <?php
            $is = static fn(string $mode): bool => is_file(ABSPATH . "mode-$mode");
            if ($is('disabled')) add_filter('wp_is_application_passwords_available', '__return_false');
            if ($is('not-for-you')) add_filter('wp_is_application_passwords_available_for_user', '__return_false');
            if ($is('forbidden')) add_filter('map_meta_cap', static fn($caps, $cap) => 'create_app_password' === $cap ? ['do_not_allow'] : $caps, 10, 2);
            if ($is('closed')) add_filter('rest_authentication_errors', static fn() => new WP_Error('closed', 'Closed.', ['status' => 401]));
            """,
    });

    public async Task DisposeAsync() => await _site.DisposeAsync();

    [Fact]
    public async Task A_site_makes_a_password_that_opens_it_and_no_session_stays()
    {
        var made = await MakeAsync("Work & play");

        Assert.Null(made.Fault);
        Assert.Equal([["Work & play"]], await NamesAsync());
        Assert.Equal("admin", await _site.RunPhpAsync(
            $"add_filter('application_password_is_api_request', '__return_true'); echo wp_authenticate_application_password(null, 'admin', '{made.Password!.Reveal()}')->user_login;",
            CancellationToken.None));
        Assert.Empty(await _site.QueryAsync(Sessions, CancellationToken.None));
    }

    /// <summary>The owner says yes in the own browser, without scripts; CloneHub never sees the account's password.</summary>
    [Fact]
    public async Task A_password_of_the_consent_page_of_WordPress_opens_the_site()
    {
        using var browser = LoopbackHttp.CreateClient(_site.Url, allowAutoRedirect: false);
        using var logIn = new FormUrlEncodedContent(new Dictionary<string, string> { ["log"] = _site.AdminUser, ["pwd"] = _site.AdminPassword });
        using var loggedIn = await browser.PostAsync(new Uri("wp-login.php", UriKind.Relative), logIn);
        var page = await browser.GetStringAsync(new Uri("wp-admin/authorize-application.php?app_name=CloneHub&success_url=https%3A%2F%2Fclonehub.example%2Fdone", UriKind.Relative));
        var fields = Field().Matches(page[page.IndexOf("authorize-application.php\" method=\"post\"", StringComparison.Ordinal)..]).DistinctBy(field => field.Groups[1].Value);
        using var consent = new FormUrlEncodedContent(
            fields.ToDictionary(field => field.Groups[1].Value, field => WebUtility.HtmlDecode(field.Groups[2].Value)).Append(new("approve", "Yes")));
        using var given = await browser.PostAsync(new Uri("wp-admin/authorize-application.php", UriKind.Relative), consent);
        var password = HttpUtility.ParseQueryString(given.Headers.Location!.Query)["password"]!;

        await using var channel = await SourceTests.Connector.ConnectAsync(SourceTests.OrderFor(_site.Url), SourceTests.Secrets(_site.AdminUser, password), 1, CancellationToken.None);
        Assert.NotEmpty((await channel.SchemaAsync(CancellationToken.None)).Tables);
        Assert.Empty(await channel.ByeAsync(CancellationToken.None));

        Assert.Equal([["CloneHub"]], await NamesAsync());
        Assert.Equal([["admin"]], await _site.QueryAsync("SELECT user_login FROM wp_users", CancellationToken.None));
        await _site.RunPhpAsync("WP_Application_Passwords::delete_all_application_passwords(1);", CancellationToken.None);
        Assert.Equal("LOGIN_FAILED", await SourceTests.FaultOf(() => SourceTests.Connector.ConnectAsync(
            SourceTests.OrderFor(_site.Url), SourceTests.Secrets(_site.AdminUser, password), 1, CancellationToken.None)));
    }

    [Fact]
    public async Task A_name_is_taken_once()
    {
        Assert.Null((await MakeAsync("Twice")).Fault);

        Assert.Equal("APP_PASSWORD_EXISTS", (await MakeAsync("Twice")).Fault?.Code);
        Assert.Equal([["Twice"]], await NamesAsync());
    }

    [Theory]
    [InlineData("production", "APP_PASSWORD_NOT_SUPPORTED")]
    [InlineData("disabled", "APP_PASSWORD_DISABLED")]
    [InlineData("not-for-you", "APP_PASSWORD_DISABLED")]
    [InlineData("forbidden", "PERMISSION_DENIED")]
    [InlineData("closed", "REST_API_CLOSED")]
    public async Task Why_a_site_makes_none_has_a_name(string mode, string code)
    {
        await File.WriteAllTextAsync(Path.Combine(_site.Root.FullName, "mode-" + mode), "");

        Assert.Equal(code, (await MakeAsync("CloneHub")).Fault?.Code);
        Assert.Empty(await _site.QueryAsync(Sessions, CancellationToken.None));
    }

    [Fact]
    public async Task A_wrong_password_is_a_failed_log_in() =>
        Assert.Equal("LOGIN_FAILED", (await Passwords().MakeAsync(_site.Url, "admin", new Secret("wrong"), "CloneHub", CancellationToken.None)).Fault?.Code);

    [Fact]
    public async Task An_address_inside_is_never_connected_to() => Assert.Equal(
        "SOURCE_ADDRESS_REFUSED",
        (await Passwords(allowLoopback: false).MakeAsync(_site.Url, _site.AdminUser, new Secret(_site.AdminPassword), "CloneHub", CancellationToken.None)).Fault?.Code);

    private Task<MadePassword> MakeAsync(string name) =>
        Passwords().MakeAsync(_site.Url, _site.AdminUser, new Secret(_site.AdminPassword), name, CancellationToken.None);

    private static ApplicationPasswords Passwords(bool allowLoopback = true) =>
        new(new SourceOptions { AllowLoopback = allowLoopback }, TimeProvider.System, NullLogger<ApplicationPasswords>.Instance);

    private async Task<List<string[]>> NamesAsync() => [.. (await _site.RunPhpAsync(
        "echo implode(\"\\n\", array_column(WP_Application_Passwords::get_user_application_passwords(1), 'name'));", CancellationToken.None)).Split('\n').Select(name => new[] { name })];

    [GeneratedRegex("<input type=\"(?:hidden|text)\"[^>]*? name=\"([^\"]+)\"[^>]*? value=\"([^\"]*)\"")]
    private static partial Regex Field();
}
