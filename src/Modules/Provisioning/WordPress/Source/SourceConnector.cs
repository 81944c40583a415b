using System.Net;
using CloneHub.Contracts;
using Microsoft.Extensions.Logging;

namespace CloneHub.Provisioning.WordPress;

internal sealed class SourceOptions
{
    /// <summary>Sources on this machine may be cloned: for local use, never for a service that strangers can reach.</summary>
    public bool AllowLoopback { get; set; }

    /// <summary>Networks that are not public and whose sites may be cloned all the same.</summary>
    public IReadOnlyList<IPNetwork> AllowedNetworks { get; set; } = [];

    /// <summary>Whether an address is that of a clone of ours: a restore reaches it wherever it is.</summary>
    public Predicate<Uri> IsClone { get; set; } = _ => false;
}

/// <summary>Gets our connector onto a source site with nothing but a log-in, and off it again.</summary>
internal sealed partial class SourceConnector(SourceOptions options, TimeProvider clock, ILogger<SourceConnector> log)
{
    private readonly SiteVisits _visits = new(clock);

    /// <summary>Logs in, uploads and activates the job's connector, logs out. What an earlier attempt of the same job left is removed.</summary>
    /// <param name="attempt">Rises with every attempt of the job; 1 if nothing of it can be on the site yet.</param>
    /// <param name="use">What the connector is for; to read, unless it is said.</param>
    /// <exception cref="StepFaultException">The site cannot be cloned this way, and why.</exception>
    public async Task<SourceChannel> ConnectAsync(CloneOrder order, JobSecrets secrets, int attempt, CancellationToken cancellation, ConnectorUse? use = null)
    {
        if (!order.ByHand) return await InstallAsync(order, secrets, attempt, use, cancellation);
        if (await FindAsync(order, secrets, everywhere: true, cancellation) is { } channel) return channel;
        return secrets.SourceUsername.Length > 0 ? await InstallAsync(order, secrets, attempt, use, cancellation) : throw SourceFaults.ConnectorAwaited();
    }

    /// <summary>The connector that a person has installed, or one of this restore; null if there is none.</summary>
    /// <param name="everywhere">Not only where it answers as a rule.</param>
    /// <exception cref="StepFaultException">The site does not answer, or the connector says why it cannot work.</exception>
    public async Task<SourceChannel?> FindAsync(CloneOrder order, JobSecrets secrets, bool everywhere, CancellationToken cancellation, ConnectorUse? use = null)
    {
        var http = NewHttp(order);
        var signer = new CallSigner(order.Job, secrets.ConnectorKey, clock, use?.Work);
        SourceChannel? channel = null;
        try
        {
            var door = await DoorFinder.OfHomeAsync(http, order.SourceUrl, clock, cancellation);
            signer.Offset = door.ClockOffset;
            if (await Endpoint.FindAsync(http, door, signer, clock, cancellation, everywhere) is not { } endpoint) return null;
            if (endpoint.Facts.IsMultisite) throw SourceFaults.Multisite();
            if (order.Restore is null) LogFound(order.Job);
            return channel = new SourceChannel(http, endpoint.Address, signer, endpoint.Facts, ConnectorBuild.LastFolderOf(order.Job), clock) { IsByHand = order.Restore is null, Fence = use?.Fence };
        }
        finally
        {
            if (channel is null)
            {
                signer.Dispose();
                http.Dispose();
            }
        }
    }

    private SourceHttp NewHttp(CloneOrder order) => new(options, clock, order.Job, order.Restore is not null && options.IsClone(order.SourceUrl) ? order.SourceUrl : null);

    private async Task<SourceChannel> InstallAsync(CloneOrder order, JobSecrets secrets, int attempt, ConnectorUse? use, CancellationToken cancellation)
    {
        using var part = ProvisioningTelemetry.StartPart("log in");
        var started = clock.GetTimestamp();
        var http = NewHttp(order);
        var signer = new CallSigner(order.Job, secrets.ConnectorKey, clock, use?.Work);
        try
        {
            var door = await DoorFinder.FindAsync(http, order.SourceUrl, clock, cancellation);
            signer.Offset = door.ClockOffset;
            var installation = new Installation(http, door, signer, order, secrets, attempt, clock, log, use ?? ConnectorUse.ToRead);
            var channel = await _visits.RunAsync(door.Base.Authority, installation.RunAsync, cancellation);
            LogConnected(order.Job, clock.GetElapsedTime(started).TotalMilliseconds);
            return channel;
        }
        catch
        {
            signer.Dispose();
            http.Dispose();
            throw;
        }
    }

    /// <summary>Removes the connector when its work is done, while nobody else logs in if that can be had: that would bring back the log-ins it takes away.</summary>
    /// <returns>What the site could not remove.</returns>
    public Task<IReadOnlyList<string>> LeaveAsync(SourceChannel channel, CancellationToken cancellation) =>
        _visits.LeaveAsync(channel.Site, channel.ByeAsync, cancellation);

    /// <summary>Removes the connector if it is still there. Does its best and never fails: the source may be gone. Logs in only for what an upload may have left that was cut short.</summary>
    /// <returns>False if anything may have stayed.</returns>
    public async Task<bool> LeaveAsync(CloneOrder order, JobSecrets secrets, CancellationToken cancellation)
    {
        try
        {
            return await TryLeaveAsync(order, secrets, cancellation);
        }
        catch (Exception trouble)
        {
            // The connector removes itself when its time is up.
            LogNotLeft(trouble, order.Job);
            return false;
        }
    }

    private async Task<bool> TryLeaveAsync(CloneOrder order, JobSecrets secrets, CancellationToken cancellation)
    {
        using var http = NewHttp(order);
        using var signer = new CallSigner(order.Job, secrets.ConnectorKey, clock);
        var door = order.ByHand
            ? await DoorFinder.OfHomeAsync(http, order.SourceUrl, clock, cancellation)
            : await DoorFinder.FindAsync(http, order.SourceUrl, clock, cancellation);
        signer.Offset = door.ClockOffset;
        await DeleteUserAsync(http, door, order.Job, secrets, cancellation);
        if (await Endpoint.FindAsync(http, door, signer, clock, cancellation) is { } endpoint)
        {
            var farewell = new Farewell(new SourceCalls(http.SendAsync, endpoint.Address, signer, clock), clock);
            var rest = await _visits.LeaveAsync(door.Base.Authority, patience => farewell.SayAsync(ConnectorBuild.LastFolderOf(order.Job), patience), cancellation);
            if (rest.Count == 0) LogLeft(order.Job);
            else LogRest(order.Job, string.Join(", ", rest));
            return rest.Count == 0;
        }

        // What an upload left that was cut short, half a plugin or a zip, is no connector yet: one more comes and takes it along.
        if (!order.UploadWasCut || secrets.SourceUsername.Length == 0) return true;
        await using var channel = await InstallAsync(order, secrets, ConnectorBuild.Last, use: null, cancellation);
        var stays = await LeaveAsync(channel, cancellation);
        if (stays.Count > 0) LogRest(order.Job, string.Join(", ", stays));
        else LogLeft(order.Job);
        return stays.Count == 0;
    }

    /// <summary>The administrator who was to install the connector may exist without it.</summary>
    private async Task DeleteUserAsync(SourceHttp http, SiteDoor door, JobId job, JobSecrets secrets, CancellationToken cancellation)
    {
        if (secrets.SourceUsername.Length == 0 || !ApplicationPassword.LooksLikeOne(secrets.SourcePassword)) return;
        var user = ConnectorBuild.NameOf(job);
        try
        {
            if (!await new ApplicationPassword(http, door, secrets.SourceUsername, secrets.SourcePassword).DeleteUserAsync(user, cancellation)) LogUserStays(null, job, user);
        }
        catch (StepFaultException trouble)
        {
            // The connector may answer all the same, and takes the user with it.
            LogUserStays(trouble, job, user);
        }
    }
}
