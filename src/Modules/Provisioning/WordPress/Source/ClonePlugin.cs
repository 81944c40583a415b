using CloneHub.Contracts;

namespace CloneHub.Provisioning.WordPress;

/// <summary>What the plugin inside a clone says of itself.</summary>
internal sealed record ClonePluginFacts(string PluginVersion, string JobId, string WordPressVersion, string Home);

/// <summary>Addresses of a clone worth visiting: what a verification may ask for.</summary>
internal sealed record CloneUrls(string Home, IReadOnlyList<ClonePage> Pages, IReadOnlyList<string> Menus, IReadOnlyList<string> Media);

internal sealed record ClonePage(string Url, string Title);

/// <summary>Signed calls to the custom-migrator plugin inside a clone.</summary>
/// <param name="address">Where the clone answers: through the front door or directly.</param>
/// <param name="host">Host header to send, if it is not that of <paramref name="address"/>.</param>
internal sealed class ClonePlugin(HttpClient http, Uri address, string? host, JobId job, Secret connectorKey, TimeProvider clock)
{
    public Task<ClonePluginFacts> HelloAsync(CancellationToken cancellation) =>
        throw new NotSupportedException($"{http} {address} {host} {job} {connectorKey} {clock} {cancellation}");

    /// <summary>Creates or updates that administrator.</summary>
    public Task<PluginReport> AdoptAsync(string username, string email, Secret password, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<CloneUrls> UrlsAsync(int pages, int media, CancellationToken cancellation) => throw new NotSupportedException();
}
