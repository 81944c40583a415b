using System.Net;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CloneHub.Jobs.Api;

/// <summary>Tells which tenant calls, by its API key; without any configured key, everyone on this machine is tenant "local".</summary>
internal sealed class ApiKeyHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> schemes, IOptions<JobsApiOptions> options, ILoggerFactory loggers, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(schemes, loggers, encoder)
{
    public const string SchemeName = "ApiKey";
    public const string KeyHeader = "X-Api-Key";
    public const string LocalTenant = "local";
    private const string Bearer = "Bearer ";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (options.Value.ApiKeys.Count == 0) return Task.FromResult(Keyless());
        if (Presented() is not { } key) return Task.FromResult(AuthenticateResult.NoResult());
        return Task.FromResult(Owner(key) is { } owner ? Success(owner.Tenant, owner.Sha256[..12].ToUpperInvariant()) : AuthenticateResult.Fail("Unknown key."));
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var result = await HandleAuthenticateOnceSafeAsync();
        Response.Headers.WWWAuthenticate = result.Failure is null ? "Bearer realm=\"CloneHub\"" : "Bearer realm=\"CloneHub\", error=\"invalid_token\"";
        var problem = options.Value.ApiKeys.Count == 0
            ? new Problem(ProblemKind.KeyRequired, "No API key is configured, so only callers on this machine are served, under the name localhost.")
            : new Problem(result.Failure is null ? ProblemKind.KeyRequired : ProblemKind.KeyInvalid);
        await problem.ExecuteAsync(Context);
    }

    private string? Presented()
    {
        var authorization = Request.Headers.Authorization.ToString();
        if (authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)) return authorization[Bearer.Length..].Trim();
        return Request.Headers.TryGetValue(KeyHeader, out var key) ? key.ToString() : null;
    }

    /// <summary>Compares with every key in full, so that the time it takes tells nothing.</summary>
    private ApiKeyOptions? Owner(string key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(key), hash);
        ApiKeyOptions? owner = null;
        foreach (var candidate in options.Value.ApiKeys)
            if (CryptographicOperations.FixedTimeEquals(Convert.FromHexString(candidate.Sha256), hash)) owner = candidate;
        return owner;
    }

    /// <summary>The name matters beside the address: a web page whose own name was pointed at 127.0.0.1 is not a local caller.</summary>
    private AuthenticateResult Keyless()
    {
        var arrivedAt = Context.Connection.LocalIpAddress;
        var host = Request.Host.Host;
        var named = host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
        return named && (arrivedAt is null || IPAddress.IsLoopback(arrivedAt))
            ? Success(LocalTenant, LocalTenant)
            : AuthenticateResult.NoResult();
    }

    private AuthenticateResult Success(string tenant, string keyName)
    {
        var identity = new ClaimsIdentity([new Claim(Callers.TenantClaim, tenant), new Claim(Callers.KeyClaim, keyName)], Scheme.Name);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme.Name));
    }
}

/// <summary>Who calls.</summary>
internal static class Callers
{
    public const string TenantClaim = "tenant";
    public const string KeyClaim = "key";

    public static string Tenant(this ClaimsPrincipal caller) =>
        caller.FindFirstValue(TenantClaim) ?? throw new InvalidOperationException("An endpoint of the API was reached without a tenant.");

    public static string? KeyName(this HttpContext context) => context.User.FindFirstValue(KeyClaim);
}
