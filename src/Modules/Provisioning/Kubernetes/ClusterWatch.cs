using CloneHub.Contracts;
using CloneHub.Provisioning.Database;
using k8s.Autorest;
using MySqlConnector;

namespace CloneHub.Provisioning.Kubernetes;

/// <summary>Looks now and then for what clones in a cluster need: the rights of CloneHub's account, and the databases' server.</summary>
internal sealed class ClusterWatch(ClusterAccess access, CloneDatabase database, TimeProvider clock) : IBackendWatch
{
    /// <summary>A server that is frozen takes connections and says nothing.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task<string?> LackAsync(CancellationToken cancellation)
    {
        var lacks = await Task.WhenAll(RightsAsync(cancellation), DatabaseAsync(cancellation));
        return lacks.OfType<string>().ToList() is { Count: > 0 } found ? string.Join(' ', found) : null;
    }

    private async Task<string?> RightsAsync(CancellationToken cancellation)
    {
        try
        {
            var missing = await access.MissingAsync(cancellation).WaitAsync(Patience, clock, cancellation);
            return missing.Count == 0 ? null : $"In the cluster CloneHub's account may not: {string.Join(", ", missing)}.";
        }
        catch (Exception silent) when (silent is HttpOperationException or HttpRequestException or TimeoutException)
        {
            return "The cluster's API server does not answer.";
        }
    }

    private async Task<string?> DatabaseAsync(CancellationToken cancellation)
    {
        try
        {
            await database.ListAsync(cancellation).WaitAsync(Patience, clock, cancellation);
            return null;
        }
        catch (Exception silent) when (silent is MySqlException or TimeoutException)
        {
            return "The clones' MariaDB does not answer.";
        }
    }
}
