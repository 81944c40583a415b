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
    /// <summary>Calls at a time that this node makes, and those among them for one tenant: receivers that hang hold up nobody else's.</summary>
    private const int MostCalls = 64;
    private const int MostCallsOfOneTenant = 16;

    private static readonly CallbackAnswer Forgotten = new("The address to call is not known any more.", Final: true);
    private static readonly CallbackAnswer Unreadable = new("The address to call cannot be opened.");

    private readonly PartitionedRateLimiter<string> _room = PartitionedRateLimiter.CreateChained(
        PartitionedRateLimiter.Create<string, string>(tenant => RateLimitPartition.GetConcurrencyLimiter(tenant, _ => AtMost(MostCallsOfOneTenant))),
        PartitionedRateLimiter.Create<string, int>(_ => RateLimitPartition.GetConcurrencyLimiter(0, _ => AtMost(MostCalls))));

    /// <summary>One attempt. Throws only if the store of secrets does not answer; nobody was called then.</summary>
    public async Task<CallbackAnswer> SendAsync(Callback callback)
    {
        using var room = await _room.AcquireAsync(callback.Tenant);
        return await AddressAsync(callback.Job) switch
        {
            { Address: { } address } => await http.PostAsync(new Uri(address.Reveal()), callback),
            { Fault: var fault } => fault,
        };
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
}
