using CloneHub.Contracts;
using Microsoft.Extensions.Logging;

namespace CloneHub.Provisioning.WordPress;

internal sealed class SourceOptions
{
    /// <summary>Sources on this machine may be cloned: for local use, never for a service that strangers can reach.</summary>
    public bool AllowLoopback { get; set; }
}

/// <summary>Gets our connector onto a source site with nothing but a log-in, and off it again.</summary>
internal sealed partial class SourceConnector(SourceOptions options, TimeProvider clock, ILogger<SourceConnector> log)
{
    // One visit to a site at a time: WordPress empties its work folder before it unpacks, and writes a user's log-ins back as a whole, so
    // that of two at once one is logged out by the other.
    private readonly SemaphoreSlim[] _visits = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1))];

    /// <summary>Logs in, uploads and activates the job's connector, logs out. What an earlier attempt of the same job left is replaced.</summary>
    /// <exception cref="StepFaultException">The site cannot be cloned this way, and why.</exception>
    public async Task<SourceChannel> ConnectAsync(CloneOrder order, JobSecrets secrets, CancellationToken cancellation)
    {
        using var part = ProvisioningTelemetry.StartPart("log in");
        var started = clock.GetTimestamp();
        var http = new SourceHttp(options, clock, order.Job);
        var signer = new CallSigner(order.Job, secrets.ConnectorKey, clock);
        try
        {
            var door = await DoorFinder.FindAsync(http, order.SourceUrl, clock, cancellation);
            signer.Offset = door.ClockOffset;
            var channel = await VisitAsync(door, new Installation(http, door, signer, order, secrets, clock, log), cancellation);
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

    /// <summary>Removes the connector if it is still there. Does its best and never fails: the source may be gone. Without a log-in only the connector itself is asked.</summary>
    public async Task LeaveAsync(CloneOrder order, JobSecrets secrets, CancellationToken cancellation)
    {
        try
        {
            await TryLeaveAsync(order, secrets, cancellation);
        }
        catch (Exception trouble)
        {
            // The connector removes itself when its time is up.
            LogNotLeft(trouble, order.Job);
        }
    }

    private async Task<SourceChannel> VisitAsync(SiteDoor door, Installation installation, CancellationToken cancellation)
    {
        var visits = VisitsTo(door);
        await visits.WaitAsync(cancellation);
        try
        {
            return await installation.RunAsync(cancellation);
        }
        finally
        {
            visits.Release();
        }
    }

    private SemaphoreSlim VisitsTo(SiteDoor door) => _visits[(uint)string.GetHashCode(door.Base.Authority, StringComparison.OrdinalIgnoreCase) % _visits.Length];

    private async Task TryLeaveAsync(CloneOrder order, JobSecrets secrets, CancellationToken cancellation)
    {
        using var http = new SourceHttp(options, clock, order.Job);
        using var signer = new CallSigner(order.Job, secrets.ConnectorKey, clock);
        var door = await DoorFinder.FindAsync(http, order.SourceUrl, clock, cancellation);
        signer.Offset = door.ClockOffset;
        if (await Endpoint.FindAsync(http, door, signer, clock, cancellation) is { } endpoint)
        {
            var rest = await new Farewell(new SourceCalls(http.SendAsync, endpoint.Address, signer, clock), clock).SayAsync(endpoint.Build, cancellation);
            if (rest.Count == 0) LogLeft(order.Job);
            else LogRest(order.Job, string.Join(", ", rest));
        }
        else if (secrets.SourceUsername.Length > 0 && ApplicationPassword.LooksLikeOne(secrets.SourcePassword))
        {
            // The administrator who was to install the connector may exist without it.
            var password = new ApplicationPassword(http, door, secrets.SourceUsername, secrets.SourcePassword);
            await password.DeleteUserAsync(ConnectorBuild.FolderOf(order.Job), cancellation);
        }
    }
}
