using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using Microsoft.Extensions.Options;

namespace CloneHub.Jobs.Callbacks;

/// <summary>
/// Refuses addresses to call as early as they can be told; what resolves later is checked again with every call. A refusal does not repeat
/// the address: it may hold a token.
/// </summary>
internal sealed class CallbackGuard(SourceGuard guard, IOptions<JobsApiOptions> options)
{
    private const string Field = "callback_url";

    public async Task<Problem?> RefuseAsync(Secret callback, CancellationToken cancellation)
    {
        var address = new Uri(callback.Reveal());
        if (address.Scheme != Uri.UriSchemeHttps && !options.Value.AllowLoopbackSources) return Refusal(ProblemKind.ValidationFailed, "must be an https address");
        return await guard.IsPublicAsync(address, cancellation) ? null : Refusal(ProblemKind.CallbackAddressRefused, "must lead to a public address");
    }

    private static Problem Refusal(ProblemKind kind, string reason) =>
        new(kind, $"{Field} {reason}.") { Errors = new Dictionary<string, string[]> { [Field] = [reason] } };
}
