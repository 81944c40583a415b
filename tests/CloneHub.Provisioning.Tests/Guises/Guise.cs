using System.Collections.Concurrent;
using System.Text;
using System.Text.RegularExpressions;
using CloneHub.Provisioning.Tests.Failures;
using Microsoft.AspNetCore.Http;

namespace CloneHub.Provisioning.Tests.Guises;

/// <summary>One way in which a host makes it hard to copy a site, and must not succeed.</summary>
/// <param name="Answer">What the host does with a request. It notes when it has done what it is known for.</param>
internal sealed partial record Guise(string Name, Func<GuiseStage, RequestDelegate> Answer)
{
    public static IReadOnlyList<Guise> All { get; } =
    [
        new("a log-in that asks to confirm the administrator's address", ConfirmMail),
        new("a log-in that has to be made twice", stage => stage.Once(FirstForm, _ => SourceFailures.Redirect("/wp-login.php?reauth=1"))),
        new("notices before every answer", stage => context => stage.PlayAsync("chatty", context)),
        new("a proxy that compresses", stage => stage.CompressAsync),
        new("a home page that takes no POST", stage => stage.Instead(request => HttpMethods.IsPost(request.Method) && request.Path == "/", SourceFailures.Page(403))),
        new("a clock that is ten minutes behind", stage => stage.MisdateAsync),
        new("a host that is busy now and then", stage => stage.Once(Operation, Busy)),
        new("a firewall that refuses what looks like SQL", RefuseSql),
        new("a cache that knows every page", Cached) { IsForVisitors = true },
    ];

    /// <summary>Met where pages of both sides are compared, so the clone is handed over as well.</summary>
    public bool IsForVisitors { get; private init; }

    private static string? FirstForm(HttpRequest request) => request.Path == "/wp-admin/plugin-install.php" ? "form" : null;

    /// <summary>The farewell is left alone: who is refused there has been heard or not, nobody knows.</summary>
    private static string? Operation(HttpRequest request) => GuiseStage.OperationOf(request) is "schema" or "dump" or "ranges" or "list" or "get" ? GuiseStage.OperationOf(request) : null;

    private static RequestDelegate Busy(string operation) => operation switch
    {
        "schema" => SourceFailures.Page(429, "", ("Retry-After", "1")),
        "dump" => SourceFailures.Page(503),
        "list" => SourceFailures.Page(508),
        _ => SourceFailures.Page(524),
    };

    private static RequestDelegate ConfirmMail(GuiseStage stage) => async context =>
    {
        context.Response.OnStarting(() =>
        {
            if (context.Response.Headers.Location.ToString().Contains("confirm_admin_email", StringComparison.Ordinal)) stage.Note();
            return Task.CompletedTask;
        });
        context.Request.Headers["X-Guise"] = "confirm-mail";
        await stage.Host.PassAsync(context);
    };

    /// <summary>Looks at everything that is no form and no file, as firewalls do, and notes how much it has seen.</summary>
    private static RequestDelegate RefuseSql(GuiseStage stage) => async context =>
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        if (!context.Request.HasFormContentType && Sql().IsMatch(Encoding.UTF8.GetString(body.ToArray()) + context.Request.QueryString))
        {
            await SourceFailures.Page(403, "Not acceptable!")(context);
            return;
        }

        body.Position = 0;
        context.Request.Body = body;
        stage.Note();
        await stage.Host.PassAsync(context);
    };

    /// <summary>Keeps what anybody was given at an address, and gives it to everybody who asks there.</summary>
    private static RequestDelegate Cached(GuiseStage stage)
    {
        var pages = new ConcurrentDictionary<string, byte[]>();
        return async context =>
        {
            var key = context.Request.Path + context.Request.QueryString.ToString();
            if (!HttpMethods.IsGet(context.Request.Method) || key.StartsWith("/wp-", StringComparison.Ordinal))
            {
                await stage.Host.PassAsync(context);
                return;
            }

            stage.Note();
            if (!pages.TryGetValue(key, out var page))
            {
                var line = context.Response.Body;
                using var copy = new MemoryStream();
                context.Response.Body = copy;
                await stage.Host.PassAsync(context);
                context.Response.Body = line;
                page = copy.ToArray();
                if (context.Response.StatusCode == StatusCodes.Status200OK) pages[key] = page;
            }

            await context.Response.Body.WriteAsync(page);
        };
    }

    [GeneratedRegex(@"\b(?:select\b.+\bfrom|union\b.+\bselect|insert\s+into|delete\s+from|drop\s+table|create\s+table|information_schema|concat\s*\(|/\*|--\s)", RegexOptions.IgnoreCase)]
    private static partial Regex Sql();
}
