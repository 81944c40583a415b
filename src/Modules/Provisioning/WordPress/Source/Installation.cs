using CloneHub.Contracts;
using Microsoft.Extensions.Logging;

namespace CloneHub.Provisioning.WordPress;

/// <summary>One installation of the connector, and the way back if it fails half-way.</summary>
internal sealed partial class Installation(
    SourceHttp http, SiteDoor door, CallSigner signer, CloneOrder order, JobSecrets secrets, TimeProvider clock, ILogger log)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(2);
    private static readonly TimeSpan UndoTimeout = TimeSpan.FromSeconds(20);

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
            await upload.InstallAsync(nonce, CustomMigratorPackage.BuildConnector(build), cancellation);
            var leaving = _session.LogOutAsync(cancellation);
            var endpoint = await FindEndpointAsync(leaving, cancellation);
            if (endpoint.Facts.IsMultisite) throw SourceFaults.Multisite();
            return new SourceChannel(http, endpoint.Address, signer, endpoint.Facts, endpoint.Build, clock);
        }
        catch (Exception trouble) when (trouble is not OutOfMemoryException)
        {
            await UndoAsync();
            throw;
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

        switch (await _session.LogInAsync(username, password.Reveal(), cancellation))
        {
            case LogInRefusal.Credentials:
                throw SourceFaults.LogInFailed();
            case LogInRefusal.SecondFactor:
                throw SourceFaults.SecondFactor();
            case LogInRefusal.Captcha:
                throw SourceFaults.Captcha();
            case LogInRefusal.Locked:
                throw SourceFaults.Locked();
        }
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
            await QuietlyAsync("log out", leaving);
        }
    }

    /// <summary>Leaves the site as it was found. Each part is tried whatever became of the others.</summary>
    private async Task UndoAsync()
    {
        using var timeout = new CancellationTokenSource(UndoTimeout, clock);
        await QuietlyAsync("remove the connector", RemoveAsync(timeout.Token));
        await QuietlyAsync("log out", _session.LogOutAsync(timeout.Token));
        if (_applicationPassword is { } password) await QuietlyAsync("delete the temporary user", password.DeleteUserAsync(_folder, timeout.Token));
    }

    /// <summary>An earlier attempt's connector may be there though this one came to no upload. A log-in that was refused is not tried again.</summary>
    private async Task RemoveAsync(CancellationToken cancellation)
    {
        if (await Endpoint.FindAsync(http, door, signer, clock, cancellation) is { } endpoint)
        {
            await new Farewell(new SourceCalls(http.SendAsync, endpoint.Address, signer, clock), clock).SayAsync(endpoint.Build, cancellation);
        }
        else if (http.HasCookie("wordpress_logged_in_") || (_isUploaded && await _session.LogInAsync(secrets.SourceUsername, secrets.SourcePassword.Reveal(), cancellation) == LogInRefusal.None))
        {
            await new PluginUpload(_session, _folder).UninstallAsync(cancellation);
        }
    }

    private async Task QuietlyAsync(string what, Task work)
    {
        try
        {
            await work;
        }
        catch (Exception trouble)
        {
            // Why the installation failed is what the caller has to learn.
            LogNotUndone(trouble, order.Job, what);
        }
    }

    [LoggerMessage(2304, LogLevel.Warning, "{JobId}: could not {What} on the source")]
    private partial void LogNotUndone(Exception trouble, JobId jobId, string what);
}
