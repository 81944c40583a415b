using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CloneHub.Dev.WordPress;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace CloneHub.Provisioning.Tests.Failures;

/// <summary>What is wrong with a certificate besides that nobody vouches for it.</summary>
internal enum BadCertificate
{
    SelfSigned,
    Expired,
    OfAnotherHost,
}

/// <summary>
/// One web server that plays many hosts in front of one site. The first label of the host's name says which: a host without an answer of
/// its own hands every request on and tells the site its label, so that the site can play along.
/// </summary>
internal sealed class HostileHost : IAsyncDisposable
{
    private static readonly HttpClient Onward = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });

    private readonly ConcurrentDictionary<string, RequestDelegate> _answers = new(StringComparer.Ordinal);
    private readonly WebApplication _app;
    private int _labels;

    private HostileHost()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            foreach (var bad in Enum.GetValues<BadCertificate>()) kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(Certificate(bad)));
        });
        _app = builder.Build();
        _app.Run(context => _answers.TryGetValue(LabelOf(context), out var answer) ? answer(context) : PassAsync(context));
    }

    /// <summary>The site behind.</summary>
    public SourceSite? Site { get; set; }

    public static async Task<HostileHost> StartAsync()
    {
        var host = new HostileHost();
        await host._app.StartAsync();
        return host;
    }

    /// <summary>The site behind, in a scene that it knows.</summary>
    public Uri Scene(string name) => new($"http://{AuthorityOf(name)}/");

    /// <summary>Host and port of a scene.</summary>
    public string AuthorityOf(string name) => string.Create(CultureInfo.InvariantCulture, $"{name}.localhost:{Ports()[0]}");

    /// <summary>A host that answers in its own way.</summary>
    public Uri Answering(RequestDelegate answer)
    {
        var label = string.Create(CultureInfo.InvariantCulture, $"host-{Interlocked.Increment(ref _labels)}");
        _answers[label] = answer;
        return Scene(label);
    }

    public Uri With(BadCertificate certificate) => new(string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{Ports()[1 + (int)certificate]}/"));

    /// <summary>The port for http, asked as one for https.</summary>
    public Uri WithoutTls() => new(string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{Ports()[0]}/"));

    /// <summary>What the site behind answers.</summary>
    public async Task PassAsync(HttpContext context)
    {
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri(Site!.Url, target));
        request.Content = new StreamContent(context.Request.Body);
        foreach (var (name, values) in context.Request.Headers)
            if (!request.Headers.TryAddWithoutValidation(name, values.ToArray())) request.Content.Headers.TryAddWithoutValidation(name, values.ToArray());
        request.Headers.Add("X-Scene", LabelOf(context));
        if (HttpMethods.IsGet(context.Request.Method)) request.Content = null;
        using var answer = await Onward.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
            if (name is not ("Transfer-Encoding" or "Connection" or "Server")) context.Response.Headers[name] = values.ToArray();
        await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static string LabelOf(HttpContext context) => context.Request.Host.Host.Split('.')[0];

    /// <summary>In the order in which they were asked for.</summary>
    private int[] Ports() => [.. _app.Urls.Select(url => new Uri(url).Port)];

    private static X509Certificate2 Certificate(BadCertificate bad)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=hostile", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (bad is BadCertificate.OfAnotherHost) names.AddDnsName("shop.example");
        else names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var from = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
        using var made = request.CreateSelfSigned(from, from.AddYears(bad is BadCertificate.Expired ? 1 : 100));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
