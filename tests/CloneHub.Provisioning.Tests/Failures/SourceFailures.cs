using System.Net.Sockets;
using CloneHub.Contracts;
using CloneHub.Provisioning.Tests.WordPress.Source;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace CloneHub.Provisioning.Tests.Failures;

/// <summary>What keeps us from getting the connector onto a source.</summary>
internal static class SourceFailures
{
    public static IEnumerable<NamedFailure> OnTheWay =>
    [
        new("a name that does not exist", "SOURCE_UNREACHABLE", "HostNotFound", stage => stage.ConnectAsync(new Uri("http://no-such-shop.invalid/"))),
        new("a port where nobody listens", "SOURCE_UNREACHABLE", "ConnectionRefused", stage => stage.ConnectAsync(new Uri("http://127.0.0.1:1/"))),
        new("a connection that is reset", "SOURCE_UNREACHABLE", "reached: The connection broke.", stage => stage.AnsweredAsync(Reset)),
        new("an answer that ends before it begins", "SOURCE_UNREACHABLE", "prematurely", stage => stage.AnsweredAsync(Cut("HTTP/1.1 200 OK\r\n"))),
        new("an answer that is no HTTP", "SOURCE_UNREACHABLE", "invalid", stage => stage.AnsweredAsync(Cut("SSH-2.0-OpenSSH_9.2\r\n"))),
        new("an answer that never comes", "SOURCE_UNREACHABLE", "within 40 seconds", Silent),
        new("a server in trouble", "SOURCE_UNREACHABLE", "500", stage => stage.AnsweredAsync(Page(500, "Error establishing a database connection"))),
        new("a proxy without its server", "SOURCE_UNREACHABLE", "502", stage => stage.AnsweredAsync(Page(502))),
        new("a site that is too busy", "SOURCE_UNREACHABLE", "429", stage => stage.AnsweredAsync(Page(429))),
        new("maintenance", "SOURCE_UNREACHABLE", "503", stage => stage.SceneAsync("maintenance")),
        new("a redirect in a circle", "SOURCE_UNREACHABLE", "circle", stage => stage.AnsweredAsync(Redirect("/again"))),
        new("a redirect to a private network", "SOURCE_ADDRESS_REFUSED", "10.0.0.1", stage => stage.AnsweredAsync(Redirect("http://10.0.0.1/"))),
        new("a redirect to a cloud's metadata", "SOURCE_ADDRESS_REFUSED", "169.254.169.254", stage => stage.AnsweredAsync(Redirect("http://169.254.169.254/latest/"))),
        new("a redirect to another protocol", "SOURCE_ADDRESS_REFUSED", "ftp://files.example does not lead", stage => stage.AnsweredAsync(Redirect("ftp://files.example/"))),
        new("a certificate that nobody vouches for", "SOURCE_TLS", "UntrustedRoot", stage => stage.ConnectAsync(stage.Host.With(BadCertificate.SelfSigned))),
        new("a certificate whose time is over", "SOURCE_TLS", "NotTimeValid", stage => stage.ConnectAsync(stage.Host.With(BadCertificate.Expired))),
        new("a certificate of another host", "SOURCE_TLS", "NameMismatch", stage => stage.ConnectAsync(stage.Host.With(BadCertificate.OfAnotherHost))),
        new("https where http is spoken", "SOURCE_TLS", "frame", stage => stage.ConnectAsync(stage.Host.WithoutTls())),
        new("a password of the web server", "SOURCE_HTTP_AUTH", "password of its own", stage => stage.AnsweredAsync(Page(401, "", ("WWW-Authenticate", "Basic realm=\"x\"")))),
        new("a challenge of Cloudflare", "WAF_BLOCKED", "403", stage => stage.AnsweredAsync(Page(403, "", ("cf-mitigated", "challenge")))),
        new("a challenge of SiteGround", "WAF_BLOCKED", "202", stage => stage.AnsweredAsync(Page(202, "", ("SG-Captcha", "challenge")))),
        new("a site that is no WordPress", "NOT_WORDPRESS", "no WordPress", stage => stage.AnsweredAsync(Page(200, "<h1>Hello</h1>"))),
        new("a host without a site", "NOT_WORDPRESS", "no WordPress", stage => stage.AnsweredAsync(Page(404))),
        new("a page without end", "NOT_WORDPRESS", "no WordPress", stage => stage.AnsweredAsync(Endless)),
    ];

    public static IEnumerable<NamedFailure> AtTheDoor =>
    [
        new("a log-in page that is hidden", "LOGIN_HIDDEN", "hidden", stage => stage.SceneAsync("hidden")),
        new("a wrong password", "LOGIN_FAILED", "refused", stage => stage.LogInAsync("admin", "wrong-password")),
        new("an unknown user", "LOGIN_FAILED", "refused", stage => stage.LogInAsync("nobody", "wrong-password")),
        new("an application password where there are none", "LOGIN_FAILED", "refused", stage => stage.LogInAsync("admin", "abcd EFGH 1234 ijkl MNOP 5678")),
        new("a second factor", "LOGIN_2FA", "second factor", stage => stage.SceneAsync("second-factor")),
        new("a captcha", "LOGIN_CAPTCHA", "captcha", stage => stage.SceneAsync("captcha")),
        new("a lock after too many log-ins", "LOGIN_LOCKED", "too many", stage => stage.SceneAsync("locked")),
        new("a session that is forgotten", "LOGIN_LOST", "forgot", stage => stage.SceneAsync("forgetful")),
        new("a firewall that lets nobody log in", "WAF_BLOCKED", "wp-login.php", stage => stage.ExceptAsync(request => Posts(request, "/wp-login.php"), Page(403))),
        new("an editor", "NOT_ADMIN", "may not install", stage => stage.LogInAsync("edith", "edit-me-again")),
    ];

    public static IEnumerable<NamedFailure> Inside =>
    [
        new("a database to be upgraded", "DB_UPGRADE_PENDING", "upgrade its database", stage => stage.SceneAsync("old-database")),
        new("a network of sites", "MULTISITE_UNSUPPORTED", "network", stage => stage.SceneAsync("network")),
        new("no changes of files", "FILE_MODS_DISALLOWED", "DISALLOW_FILE_MODS", stage => stage.SceneAsync("no-changes")),
        new("FTP only", "FS_CREDENTIALS_NEEDED", "FTP", stage => stage.SceneAsync("ftp")),
        new("a plugins folder that is read-only", "PLUGINS_DIR_READONLY", "could not unpack", stage => stage.SceneAsync("sealed")),
        new("a firewall that stops uploads", "WAF_BLOCKED", "403 to update.php", stage => stage.ExceptAsync(request => Posts(request, "/wp-admin/update.php"), Page(403))),
        new("a web server to which the upload is too large", "WAF_BLOCKED", "413", stage => stage.ExceptAsync(request => Posts(request, "/wp-admin/update.php"), Page(413))),
        new("a plugin that forbids others", "ACTIVATION_FATAL", "activated", stage => stage.SceneAsync("fatal-activation")),
        new("a PHP that is too old", "PHP_TOO_OLD", "7.4", stage => stage.ExceptAsync(IsCall, Page(501, "", ("X-CloneHub-Fault", "PHP_TOO_OLD")))),
        new("a PHP without openssl", "NO_OPENSSL", "openssl", stage => stage.ExceptAsync(IsCall, Page(501, "", ("X-CloneHub-Fault", "NO_OPENSSL")))),
        new("a PHP without mysqli", "NO_OPENSSL", "mysqli", stage => stage.ExceptAsync(IsCall, Page(501, "", ("X-CloneHub-Fault", "NO_MYSQLI")))),
        new("a firewall that stops signed calls", "CHANNEL_BLOCKED", "stranger", stage => stage.ExceptAsync(IsCall, Page(403))),
        new("a cache before the connector", "CHANNEL_BLOCKED", "do not get through", stage => stage.ExceptAsync(IsCall, Page(200, "<html>from the cache</html>"))),
        new("a proxy that drops unknown headers", "CHANNEL_BLOCKED", "stranger", stage => stage.AnsweredAsync(context => WithoutHeaders(stage, context))),
        new("a proxy that changes signatures", "CHANNEL_BLOCKED", "refused a call", stage => stage.AnsweredAsync(context => WithOtherSignature(stage, context))),
    ];

    internal static RequestDelegate Page(int status, string html = "", params (string Name, string Value)[] headers) => async context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html";
        foreach (var (name, value) in headers) context.Response.Headers[name] = value;
        await context.Response.WriteAsync(html);
    };

    internal static RequestDelegate Redirect(string target) => Page(302, "", ("Location", target));

    internal static bool IsCall(HttpRequest request) => request.Headers.ContainsKey("X-CloneHub-Op");

    private static bool Posts(HttpRequest request, string path) => HttpMethods.IsPost(request.Method) && request.Path == path && !IsCall(request);

    /// <summary>The socket below, for what no web server would send.</summary>
    private static Socket SocketOf(HttpContext context) => context.Features.Get<IConnectionSocketFeature>()!.Socket;

    private static Task Reset(HttpContext context)
    {
        SocketOf(context).LingerState = new LingerOption(true, 0);
        SocketOf(context).Close();
        return Task.CompletedTask;
    }

    private static RequestDelegate Cut(string bytes) => async context =>
    {
        await SocketOf(context).SendAsync(System.Text.Encoding.ASCII.GetBytes(bytes));
        SocketOf(context).Shutdown(SocketShutdown.Send);
    };

    private static Task<Jobs.CloneJob> Silent(FailureStage stage)
    {
        var clock = new FakeTimeProvider();
        return stage.AnsweredAsync(
            async context =>
            {
                clock.Advance(TimeSpan.FromSeconds(41));
                var gone = new TaskCompletionSource();
                await using var left = context.RequestAborted.Register(gone.SetResult);
                await gone.Task;
            },
            clock);
    }

    private static async Task Endless(HttpContext context)
    {
        var piece = new byte[1 << 20];
        Array.Fill(piece, (byte)'x');
        while (!context.RequestAborted.IsCancellationRequested) await context.Response.Body.WriteAsync(piece);
    }

    private static Task WithoutHeaders(FailureStage stage, HttpContext context)
    {
        foreach (var name in context.Request.Headers.Keys.Where(name => name.StartsWith("X-CloneHub", StringComparison.OrdinalIgnoreCase)).ToList())
            context.Request.Headers.Remove(name);
        return stage.Host.PassAsync(context);
    }

    private static Task WithOtherSignature(FailureStage stage, HttpContext context)
    {
        if (IsCall(context.Request)) context.Request.Headers["X-CloneHub-Nonce"] = new string('0', 32);
        return stage.Host.PassAsync(context);
    }
}
