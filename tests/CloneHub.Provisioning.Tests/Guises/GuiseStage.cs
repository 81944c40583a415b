using System.IO.Compression;
using System.Text;
using CloneHub.Contracts;
using CloneHub.Dev.WordPress;
using CloneHub.Provisioning.Tests.Failures;
using CloneHub.Provisioning.Tests.FrontDoor;
using CloneHub.Provisioning.Tests.Local;
using CloneHub.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace CloneHub.Provisioning.Tests.Guises;

/// <summary>A clone of the stage's site.</summary>
/// <param name="Content">Its wp-content.</param>
internal sealed record Twin(CloneOrder Order, DirectoryInfo Content, string Database, Uri? Address, ContentProof Proof, IReadOnlyList<string> Warnings);

/// <summary>
/// One small WordPress with as much against it as one site can have: PHP of five seconds, 64 MB and few functions that never looks at a file
/// twice, addresses without names, no REST, another prefix of tables. A web server before it plays the rest.
/// </summary>
public sealed class GuiseStage : IAsyncLifetime
{
    internal const string Prefix = "x7_";

    private const string Scenes = """
        <?php
        add_filter('rest_authentication_errors', static fn () => new WP_Error('rest_disabled', 'No REST here.', ['status' => 401]));
        switch ($_SERVER['HTTP_X_GUISE'] ?? '') {
            case 'confirm-mail': add_filter('pre_option_admin_email_lifespan', static fn () => 1); break;
            case 'chatty': echo "\xEF\xBB\xBF<br />\n<b>Notice</b>: Undefined index: x in <b>/srv/plugin.php</b>\n"; break;
        }
        """;

    private static readonly CloneStep[] Steps = [CloneStep.CreateDatabase, CloneStep.StartPod, CloneStep.ImportContent, CloneStep.ActivatePlugin, CloneStep.OpenIngress];

    private LocalStage _local = null!;
    private WebApplication _door = null!;
    private int _notes;

    internal ServersFixture Servers { get; } = new();

    internal HostileHost Host { get; private set; } = null!;

    internal SourceSite Site { get; private set; } = null!;

    /// <summary>Where the site is met without a guise.</summary>
    internal Uri Plain => Host.Scene("plain");

    /// <summary>How often guises have done what they are known for.</summary>
    internal int Notes => Volatile.Read(ref _notes);

    public async Task InitializeAsync()
    {
        await Servers.InitializeAsync();
        Host = await HostileHost.StartAsync();
        Host.Site = Site = await Servers.StartSiteAsync(new SourceSiteOptions
        {
            Name = ServersFixture.Unique("g"),
            TablePrefix = Prefix,
            MuPlugin = Scenes,
            Defines = new Dictionary<string, string> { ["WP_HOME"] = "'http://' . $_SERVER['HTTP_HOST']", ["WP_SITEURL"] = "'http://' . $_SERVER['HTTP_HOST']" },
            PhpSettings = new Dictionary<string, string>
            {
                ["memory_limit"] = "64M",
                ["max_execution_time"] = "5",
                ["output_buffering"] = "4096",
                ["opcache.validate_timestamps"] = "0",
                ["disable_functions"] = "exec,shell_exec,system,passthru,proc_open,popen,symlink,link,readlink,getmypid",
            },
        });
        var spelled = string.Concat(Plain.Host.Select(letter => $"&#{(int)letter};"));
        await Site.RunPhpAsync(
            "update_option('permalink_structure', ''); file_put_contents(WP_CONTENT_DIR . '/uploads/empty.txt', '');"
            + $"wp_insert_post(['post_title' => 'Spelled', 'post_status' => 'publish', 'post_content' => base64_decode('{Convert.ToBase64String(Encoding.UTF8.GetBytes($"http://{spelled}:{Plain.Port}/"))}')]);",
            default);
        _local = await LocalStage.OpenAsync(Servers);
        _local.Secrets = _local.Secrets with { SourceUsername = Site.AdminUser, SourcePassword = new Secret(Site.AdminPassword) };
        _door = await PublicDoor.OpenAsync(_local);
    }

    public async Task DisposeAsync()
    {
        await _door.DisposeAsync();
        await _local.DisposeAsync();
        await Host.DisposeAsync();
        await Site.DisposeAsync();
    }

    internal JobSecrets Secrets => _local.Secrets;

    internal T Get<T>()
        where T : notnull => _local.Get<T>();

    /// <summary>A clone, as its steps make it; handed over as well, or only its content.</summary>
    internal async Task<Twin> CloneAsync(Uri source, bool isHandedOver = false)
    {
        var order = _local.NewOrder(source);
        var told = new Dictionary<CloneStep, StepFacts>();
        foreach (var kind in Steps.Take(isHandedOver ? Steps.Length : 3))
        {
            var step = _local.Steps.Single(each => each.Kind == kind);
            told[kind] = await step.RunAsync(order.Token(kind, told.Count + 1), order, new Progress<ContentProgress>(), default);
        }

        return new Twin(
            order, new DirectoryInfo(Path.Combine(_local.PathsOf(order).Www, "wp-content")), _local.ConnectionStringOf(order, Secrets),
            told.GetValueOrDefault(CloneStep.OpenIngress)?.CloneUrl, told[CloneStep.ImportContent].Proof!, [.. told.Values.SelectMany(facts => facts.Warnings)]);
    }

    internal static string OperationOf(HttpRequest request) => request.Headers["X-CloneHub-Op"].ToString();

    internal void Note() => Interlocked.Increment(ref _notes);

    /// <summary>The site itself plays the guise.</summary>
    internal Task PlayAsync(string guise, HttpContext context)
    {
        Note();
        context.Request.Headers["X-Guise"] = guise;
        return Host.PassAsync(context);
    }

    /// <summary>Compresses whatever the site answers.</summary>
    internal async Task CompressAsync(HttpContext context)
    {
        Note();
        var plain = context.Response.Body;
        context.Response.OnStarting(() =>
        {
            context.Response.Headers.ContentLength = null;
            context.Response.Headers.ContentEncoding = "gzip";
            return Task.CompletedTask;
        });
        await using (var gzip = new GZipStream(plain, CompressionLevel.Fastest, leaveOpen: true))
        {
            context.Response.Body = gzip;
            await Host.PassAsync(context);
        }

        context.Response.Body = plain;
    }

    /// <summary>Says that it is another time than it is.</summary>
    internal Task MisdateAsync(HttpContext context)
    {
        context.Response.OnStarting(() =>
        {
            if (context.Response.StatusCode == StatusCodes.Status401Unauthorized) Note();
            context.Response.GetTypedHeaders().Date = TimeProvider.System.GetUtcNow().AddMinutes(-10);
            return Task.CompletedTask;
        });
        return Host.PassAsync(context);
    }

    /// <summary>Answers some requests itself.</summary>
    internal RequestDelegate Instead(Func<HttpRequest, bool> which, RequestDelegate answer) => context =>
    {
        if (!which(context.Request)) return Host.PassAsync(context);
        Note();
        return answer(context);
    };

    /// <summary>Answers the first of each kind of request itself.</summary>
    internal RequestDelegate Once(Func<HttpRequest, string?> kind, Func<string, RequestDelegate> answer)
    {
        var seen = new HashSet<string>();
        return context =>
        {
            var name = kind(context.Request);
            bool isFirst;
            lock (seen) isFirst = name is not null && seen.Add(name);
            if (!isFirst) return Host.PassAsync(context);
            Note();
            return answer(name!)(context);
        };
    }
}
