using System.Threading.RateLimiting;
using CloneHub.Contracts;
using CloneHub.Jobs.Vault;

namespace CloneHub.Jobs.Callbacks;

/// <summary>
/// Calls owners of jobs. Who calls decides when and how often; here one attempt is made, and everything that can become of it has a name.
/// The address is opened for the attempt only, and nothing that comes out of here holds it.
/// </summary>
internal sealed class CallbackSender(IJobVault vault, CallbackHttp http) : IDisposable
{
    /// <summary>Calls at a time that this node makes, those among them for one tenant, and those of that one to one host.</summary>
    private const int MostCalls = 64;
    private const int MostCallsOfOneTenant = 16;
    private const int MostCallsToOneHost = 4;

    private static readonly CallbackAnswer Forgotten = new("The address to call is not known any more.", Final: true);
    private static readonly CallbackAnswer Unreadable = new("The address to call cannot be opened.");

    /// <summary>The narrowest first: who waits for a host that hangs takes no place from the other calls.</summary>
    private readonly PartitionedRateLimiter<Destination> _room = PartitionedRateLimiter.CreateChained(
        PartitionedRateLimiter.Create<Destination, Destination>(to => RateLimitPartition.GetConcurrencyLimiter(to, _ => AtMost(MostCallsToOneHost))),
        PartitionedRateLimiter.Create<Destination, string>(to => RateLimitPartition.GetConcurrencyLimiter(to.Tenant, _ => AtMost(MostCallsOfOneTenant))),
        PartitionedRateLimiter.Create<Destination, int>(_ => RateLimitPartition.GetConcurrencyLimiter(0, _ => AtMost(MostCalls))));

    /// <summary>One attempt. Throws if the store of secrets does not answer; nobody was called then.</summary>
    /// <param name="call">Asked when there is room for the call, so that it tells of the job as it stands then.</param>
    public async Task<CallbackAnswer> SendAsync(JobId job, string tenant, Func<Callback> call)
    {
        var (address, fault) = await AddressAsync(job);
        if (address is null) return fault;
        var url = new Uri(address.Reveal());
        using var room = await _room.AcquireAsync(new Destination(tenant, url.Host));
        return await http.PostAsync(url, call());
    }

    public void Dispose() => _room.Dispose();

    private async Task<(Secret? Address, CallbackAnswer Fault)> AddressAsync(JobId job)
    {
        try
        {
            return ((await vault.OpenAsync(job, CancellationToken.None))?.CallbackUrl, Forgotten);
        }
        catch (SecretsUnreadableException)
        {
            // The operator may bring the master key back while there are attempts left.
            return (null, Unreadable);
        }
    }

    private static ConcurrencyLimiterOptions AtMost(int calls) => new() { PermitLimit = calls, QueueLimit = int.MaxValue };

    private readonly record struct Destination(string Tenant, string Host);
}
