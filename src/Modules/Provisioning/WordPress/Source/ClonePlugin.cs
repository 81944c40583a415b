using System.Text.Json;
using System.Text.Json.Serialization;
using CloneHub.Contracts;

namespace CloneHub.Provisioning.WordPress;

/// <summary>What the plugin inside a clone says of itself.</summary>
internal sealed record ClonePluginFacts(
    string PluginVersion, string JobId, [property: JsonPropertyName("wordpress_version")] string WordPressVersion, string Home);

/// <summary>Addresses of a clone worth visiting: what a verification may ask for.</summary>
/// <param name="Source">Home page of the source by its own account, which need not be the address that was asked for.</param>
/// <param name="Addresses">The same of all its parts.</param>
internal sealed record CloneUrls(
    string Home, IReadOnlyList<ClonePage> Pages, IReadOnlyList<string> Menus, IReadOnlyList<string> Media, string? Source = null,
    SourceAddresses? Addresses = null);

internal sealed record ClonePage(string Url, string Title);

/// <summary>Signed calls to the custom-migrator plugin inside a clone.</summary>
internal sealed class ClonePlugin : IDisposable
{
    private readonly CallSigner _signer;
    private readonly SourceCalls _calls;

    /// <param name="address">Where the clone answers: through the front door or directly.</param>
    /// <param name="host">Host header to send, if it is not that of <paramref name="address"/>.</param>
    public ClonePlugin(HttpClient http, Uri address, string? host, JobId job, Secret connectorKey, TimeProvider clock)
    {
        _signer = new CallSigner(job, connectorKey, clock);
        _calls = new SourceCalls(
            (request, cancellation) =>
            {
                request.Headers.Host = host;
                return http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            },
            new Uri(address, "/?clonehub"),
            _signer,
            clock);
    }

    public async Task<ClonePluginFacts> HelloAsync(CancellationToken cancellation) =>
        (await AskAsync("hello", "{}"u8.ToArray(), cancellation)).Deserialize(CallJson.Default.ClonePluginFacts)!;

    /// <summary>Creates or updates that administrator. Sessions of that user end; other users stay as they are.</summary>
    public async Task<PluginReport> AdoptAsync(string username, string email, Secret password, CancellationToken cancellation)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new { username, email, password = password.Reveal() });
        var answer = await AskAsync("adopt", body, cancellation);
        return new PluginReport(answer.GetProperty("plugin_version").GetString()!, answer.GetProperty("username").GetString()!);
    }

    /// <summary>Published pages at random, all links of menus, attachments at random. Some may lead elsewhere.</summary>
    public async Task<CloneUrls> UrlsAsync(int pages, int media, CancellationToken cancellation) =>
        (await AskAsync("urls", JsonSerializer.SerializeToUtf8Bytes(new { pages, media }), cancellation)).Deserialize(CallJson.Default.CloneUrls)!;

    public void Dispose() => _signer.Dispose();

    private async Task<JsonElement> AskAsync(string op, byte[] body, CancellationToken cancellation)
    {
        try
        {
            return await _calls.AskAsync(op, body, cancellation);
        }
        catch (AnswerBrokenException trouble)
        {
            throw new StepFaultException(
                new StepFault("PLUGIN_SILENT", $"The plugin in the clone did not answer: {trouble.Message}", "The step is tried again.", Retryable: true), trouble);
        }
    }
}
