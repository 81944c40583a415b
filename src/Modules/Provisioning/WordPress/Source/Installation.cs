using CloneHub.Contracts;
using Microsoft.Extensions.Logging;

namespace CloneHub.Provisioning.WordPress;

/// <summary>One installation of the connector, and the way back if it fails half-way.</summary>
/// <param name="mayBeThere">An earlier attempt of the same job may have left its connector.</param>
internal sealed partial class Installation(
    SourceHttp http, SiteDoor door, CallSigner signer, CloneOrder order, JobSecrets secrets, bool mayBeThere, TimeProvider clock, ILogger log)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(2);

    // Each part of the way back has its own: one that hangs does not cost the others their time.
    private static readonly TimeSpan UndoTimeout = TimeSpan.FromSeconds(15);

    /// <summary>As long as a worker that ends in order lets its steps run, and some more.</summary>
    private const int MostTries = 8;
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(2);

    private readonly AdminSession _session = new(http, door);
    private readonly string _folder = ConnectorBuild.FolderOf(order.Job);
    private ApplicationPassword? _applicationPassword;
    private bool _isUploaded;

    public async Task<SourceChannel> RunAsync(CancellationToken cancellation)
    {
        try
        {
            await LogInAsync(cancellation);
            var upload = new PluginUpload(_session, _folder);
            var nonce = await upload.OpenFormAsync(cancellation);
            var build = new ConnectorBuild(
                order.Job, ConnectorBuild.NewName(), signer.PublicKey, signer.SiteTime + Lifetime, _applicationPassword is null ? null : _folder);
            _isUploaded = true;
            await InstallAsync(upload, nonce, CustomMigratorPackage.BuildConnector(build), cancellation);
            var leaving = _session.LogOutAsync(cancellation);
            var endpoint = await FindEndpointAsync(leaving, cancellation);
            if (endpoint.Facts.IsMultisite) throw SourceFaults.Multisite();
            return new SourceChannel(http, endpoint.Address, signer, endpoint.Facts, endpoint.Build, clock);
        }
        catch (Exception trouble) when (trouble is not OutOfMemoryException)
        {
            var rest = await UndoAsync();
            if (rest.Length == 0 || trouble is OperationCanceledException) throw;
            throw SourceFaults.Leaving(rest, trouble);
        }
    }

    /// <summary>The attempt before may be about to end elsewhere: then its folder goes, or becomes one that can be replaced.</summary>
    private async Task InstallAsync(PluginUpload upload, string nonce, byte[] zip, CancellationToken cancellation)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await upload.InstallAsync(nonce, zip, cancellation);
                return;
            }
            catch (StepFaultException taken) when (mayBeThere && tries < MostTries && taken.Fault.Code == SourceFaults.PluginsReadOnlyCode)
            {
                LogTaken(taken, order.Job);
                await Task.Delay(BetweenTries, clock, cancellation);
            }
        }
    }

    private async Task LogInAsync(CancellationToken cancellation)
    {
        var (username, password) = (secrets.SourceUsername, secrets.SourcePassword);
        if (ApplicationPassword.LooksLikeOne(password))
        {
            var candidate = new ApplicationPassword(http, door, username, password);
            if (await candidate.IsAcceptedAsync(cancellation))
            {
                _applicationPassword = candidate;
                password = await candidate.CreateUserAsync(_folder, cancellation);
                username = _folder;
            }
        }

        if (Refusal(await _session.LogInAsync(username, password.Reveal(), cancellation)) is { } refusal) throw refusal;
    }

    private static StepFaultException? Refusal(LogInRefusal refusal) => refusal switch
    {
        LogInRefusal.Credentials => SourceFaults.LogInFailed(),
        LogInRefusal.SecondFactor => SourceFaults.SecondFactor(),
        LogInRefusal.Captcha => SourceFaults.Captcha(),
        LogInRefusal.Locked => SourceFaults.Locked(),
        _ => null,
    };

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
        var hasConnector = (mayBeThere || _isUploaded) && !await TriedAsync("ask the connector to leave", SayFarewellAsync)
            && !await TriedAsync("delete the connector", UninstallAsync);
        if (hasUser) hasUser = !await TriedAsync("delete the temporary user", DeleteUserAsync);
        if (_applicationPassword is null || hasUser) await TriedAsync("log out", _session.LogOutAsync);
        return (hasUser, hasConnector && _isUploaded) switch
        {
            (true, true) => $"The administrator {_folder} stays on the site, and perhaps the plugin of that name: delete both.",
            (true, false) => $"The administrator {_folder} stays on the site: delete it.",
            (false, true) => $"The plugin {_folder} may have stayed on the site: delete it if so; it stops answering within two hours.",
            _ => "",
        };
    }

    private async Task DeleteUserAsync(CancellationToken cancellation)
    {
        if (!await _applicationPassword!.DeleteUserAsync(_folder, cancellation)) throw SourceFaults.ChannelBlocked("the site does not confirm that the user is gone.");
    }

    private async Task SayFarewellAsync(CancellationToken cancellation)
    {
        var endpoint = await Endpoint.FindAsync(http, door, signer, clock, cancellation) ?? throw SourceFaults.ChannelBlocked("nobody answers.");
        var rest = await new Farewell(new SourceCalls(http.SendAsync, endpoint.Address, signer, clock), clock).SayAsync(endpoint.Build, cancellation);
        if (rest.Count > 0) throw SourceFaults.PluginsReadOnly($"it could not remove {string.Join(", ", rest)}");
    }

    /// <summary>By the log-in that is there. One that was refused is not tried again.</summary>
    private async Task UninstallAsync(CancellationToken cancellation)
    {
        if (_applicationPassword is { } password)
        {
            await PluginUpload.UninstallAsync(_folder, password.RestAsync, cancellation);
            return;
        }

        if (!http.HasCookie("wordpress_logged_in_"))
        {
            // Without an upload nobody has let us in, and nothing is known to be there.
            if (!_isUploaded) return;
            if (Refusal(await _session.LogInAsync(secrets.SourceUsername, secrets.SourcePassword.Reveal(), cancellation)) is { } refusal) throw refusal;
        }

        await PluginUpload.UninstallAsync(_folder, _session.RestAsync, cancellation);
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

    [LoggerMessage(2307, LogLevel.Information, "{JobId}: an earlier attempt is still at the source; the connector is sent again")]
    private partial void LogTaken(Exception taken, JobId jobId);

    [LoggerMessage(2304, LogLevel.Warning, "{JobId}: could not {What} on the source")]
    private partial void LogNotUndone(Exception trouble, JobId jobId, string what);
}
