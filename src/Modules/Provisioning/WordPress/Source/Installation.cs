using CloneHub.Contracts;
using Microsoft.Extensions.Logging;

namespace CloneHub.Provisioning.WordPress;

/// <summary>One installation of the connector, and the way back if it fails half-way.</summary>
/// <param name="attempt">1 if nothing of this job can be on the site yet; else an earlier attempt may have left its connector, whole or half unpacked.</param>
internal sealed partial class Installation(
    SourceHttp http, SiteDoor door, CallSigner signer, CloneOrder order, JobSecrets secrets, int attempt, TimeProvider clock, ILogger log, ConnectorUse use)
{
    // Each part of the way back has its own: one that hangs does not cost the others their time.
    private static readonly TimeSpan UndoTimeout = TimeSpan.FromSeconds(15);

    private readonly AdminSession _session = new(http, door);
    private readonly string _user = ConnectorBuild.NameOf(order.Job);
    private readonly string _folder = ConnectorBuild.FolderOf(order.Job, attempt);
    private ApplicationPassword? _applicationPassword;
    private bool _isUploaded;

    public async Task<SourceChannel> RunAsync(CancellationToken cancellation)
    {
        try
        {
            await LogInAsync(cancellation);
            var upload = new PluginUpload(_session, _folder);
            var nonce = await upload.OpenFormAsync(cancellation);
            var build = new ConnectorBuild(order.Job, attempt, signer.PublicKey, signer.SiteTime + use.Lifetime, _applicationPassword is null ? null : _user, use.Work);
            _isUploaded = true;
            await upload.InstallAsync(nonce, CustomMigratorPackage.BuildConnector(build), cancellation);
            var leaving = _session.LogOutAsync(cancellation);
            var endpoint = await FindEndpointAsync(leaving, cancellation);
            if (endpoint.Facts.IsMultisite) throw SourceFaults.Multisite();
            if (attempt > 1) await TriedAsync("remove what an earlier attempt left", patience => SweepAsync(endpoint, patience));

            // The connector may stay for a day; nobody else needs to.
            if (use.OutlivesLogIn && _applicationPassword is not null) await DeleteUserAsync(cancellation);
            return new SourceChannel(http, endpoint.Address, signer, endpoint.Facts, _folder, clock) { Fence = use.Fence };
        }
        catch (Exception trouble) when (trouble is not OutOfMemoryException)
        {
            var rest = await UndoAsync();
            if (rest.Length == 0 || trouble is OperationCanceledException) throw;
            throw SourceFaults.Leaving(rest, trouble);
        }
    }

    /// <summary>Whatever of the job's connectors answers. What it does not remove now goes with the farewell.</summary>
    private async Task SweepAsync(Endpoint endpoint, CancellationToken cancellation) =>
        await new SourceCalls(http.SendAsync, endpoint.Address, signer, clock).AskAsync("sweep", Farewell.Of(_folder, use.Fence), cancellation);

    private async Task LogInAsync(CancellationToken cancellation)
    {
        var (username, password) = (secrets.SourceUsername, secrets.SourcePassword);
        if (ApplicationPassword.LooksLikeOne(password))
        {
            var candidate = new ApplicationPassword(http, door, username, password);
            if (await candidate.IsAcceptedAsync(cancellation))
            {
                _applicationPassword = candidate;
                password = await candidate.CreateUserAsync(_user, cancellation);
                username = _user;
            }
        }

        if (SourceFaults.Of(await _session.LogInAsync(username, password.Reveal(), cancellation)) is { } refusal) throw refusal;
    }

    /// <summary>The log-out runs meanwhile; an answer is worth more than a tidy session.</summary>
    private async Task<Endpoint> FindEndpointAsync(Task leaving, CancellationToken cancellation)
    {
        try
        {
            return await Endpoint.FindAsync(http, door, signer, clock, cancellation)
                ?? throw SourceFaults.ChannelBlocked("every address answers as to a stranger.");
        }
        finally
        {
            await TriedAsync("log out", async _ => await leaving);
        }
    }

    /// <summary>Leaves the site as it was found. Each part is tried whatever became of the others; an administrator too many is the worst to leave.</summary>
    /// <returns>What the site's owner has to remove, as sentences; empty if nothing stays.</returns>
    private async Task<string> UndoAsync()
    {
        var hasUser = _applicationPassword is not null && !await TriedAsync("delete the temporary user", DeleteUserAsync);
        var hasConnector = (attempt > 1 || _isUploaded) && !await TriedAsync("ask the connector to leave", SayFarewellAsync)
            && !await TriedAsync("delete the connector", UninstallAsync);
        if (hasUser) hasUser = !await TriedAsync("delete the temporary user", DeleteUserAsync);
        if (_applicationPassword is null || hasUser) await TriedAsync("log out", _session.LogOutAsync);
        return (hasUser, hasConnector && _isUploaded) switch
        {
            (true, true) => $"The administrator {_user} stays on the site, and perhaps the plugin {_folder}: delete both.",
            (true, false) => $"The administrator {_user} stays on the site: delete it.",
            (false, true) => $"The plugin {_folder} may have stayed on the site: delete it if so; it stops answering by itself, within four hours at most.",
            _ => "",
        };
    }

    private async Task DeleteUserAsync(CancellationToken cancellation)
    {
        if (!await _applicationPassword!.DeleteUserAsync(_user, cancellation)) throw SourceFaults.ChannelBlocked("the site does not confirm that the user is gone.");
    }

    private async Task SayFarewellAsync(CancellationToken cancellation)
    {
        var endpoint = await Endpoint.FindAsync(http, door, signer, clock, cancellation) ?? throw SourceFaults.ChannelBlocked("nobody answers.");
        var rest = await new Farewell(new SourceCalls(http.SendAsync, endpoint.Address, signer, clock), clock).SayAsync(_folder, cancellation, use.Fence);
        if (rest.Count > 0) throw SourceFaults.PluginsReadOnly($"it could not remove {string.Join(", ", rest)}");
    }

    /// <summary>By the log-in that is there. One that was refused is not tried again.</summary>
    private async Task UninstallAsync(CancellationToken cancellation)
    {
        if (_applicationPassword is { } password)
        {
            await PluginUpload.UninstallAsync(order.Job, attempt, password.RestAsync, cancellation);
            return;
        }

        if (!http.HasCookie("wordpress_logged_in_"))
        {
            // Without an upload nobody has let us in, and nothing is known to be there.
            if (!_isUploaded) return;
            if (SourceFaults.Of(await _session.LogInAsync(secrets.SourceUsername, secrets.SourcePassword.Reveal(), cancellation)) is { } refusal) throw refusal;
        }

        await PluginUpload.UninstallAsync(order.Job, attempt, _session.RestAsync, cancellation);
    }

    private async Task<bool> TriedAsync(string what, Func<CancellationToken, Task> work)
    {
        using var timeout = new CancellationTokenSource(UndoTimeout, clock);
        try
        {
            await work(timeout.Token);
            return true;
        }
        catch (Exception trouble)
        {
            // Why the installation failed is what the caller has to learn.
            LogNotUndone(trouble, order.Job, what);
            return false;
        }
    }

    [LoggerMessage(2304, LogLevel.Warning, "{JobId}: could not {What} on the source")]
    private partial void LogNotUndone(Exception trouble, JobId jobId, string what);
}
