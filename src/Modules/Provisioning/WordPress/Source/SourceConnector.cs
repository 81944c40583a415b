using CloneHub.Contracts;

namespace CloneHub.Provisioning.WordPress;

internal sealed class SourceOptions
{
    /// <summary>Sources on this machine may be cloned: for local use, never for a service that strangers can reach.</summary>
    public bool AllowLoopback { get; set; }
}

/// <summary>Gets our connector onto a source site with nothing but a log-in, and off it again.</summary>
internal sealed class SourceConnector(SourceOptions options, TimeProvider clock)
{
    /// <summary>Logs in, uploads and activates the job's connector, logs out. What an earlier attempt of the same job left is removed first.</summary>
    public Task<SourceChannel> ConnectAsync(CloneOrder order, JobSecrets secrets, CancellationToken cancellation) =>
        throw new NotSupportedException($"{options} {clock} {order} {secrets} {cancellation}");

    /// <summary>Removes the connector if it is still there. Does its best and never fails: the source may be gone.</summary>
    public Task LeaveAsync(CloneOrder order, JobSecrets secrets, CancellationToken cancellation) =>
        throw new NotSupportedException($"{options} {clock} {order} {secrets} {cancellation}");
}
