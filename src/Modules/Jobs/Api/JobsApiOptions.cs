using System.Net;
using Microsoft.Extensions.Options;

namespace CloneHub.Jobs.Api;

/// <summary>Settings of the HTTP API, section "CloneHub".</summary>
internal sealed class JobsApiOptions
{
    public bool AllowLoopbackSources { get; set; }

    /// <summary>Networks in CIDR form that are not public and whose sites may be cloned all the same.</summary>
    public IList<string> AllowedSourceNetworks { get; } = [];

    public IList<ApiKeyOptions> ApiKeys { get; } = [];

    public RateLimitOptions RateLimit { get; } = new();
}

/// <summary>One caller's key, as its hash.</summary>
internal sealed class ApiKeyOptions
{
    public string Tenant { get; set; } = "";

    /// <summary>SHA-256 of the key in hexadecimal. Keys are 256 random bits, so a slow hash would add nothing.</summary>
    public string Sha256 { get; set; } = "";
}

internal sealed class RateLimitOptions
{
    /// <summary>Requests to clone that one key may send in a minute.</summary>
    public int ClonesPerMinute { get; set; } = 120;
}

/// <summary>Names the setting that is wrong, before anything is served.</summary>
internal sealed class JobsApiOptionsCheck : IValidateOptions<JobsApiOptions>
{
    public ValidateOptionsResult Validate(string? name, JobsApiOptions options)
    {
        var faults = new List<string>();
        for (var i = 0; i < options.ApiKeys.Count; i++)
        {
            var key = options.ApiKeys[i];
            if (string.IsNullOrWhiteSpace(key.Tenant)) faults.Add($"CloneHub:ApiKeys:{i}:Tenant is missing.");
            if (key.Sha256.Length != 64 || !key.Sha256.All(char.IsAsciiHexDigit)) faults.Add($"CloneHub:ApiKeys:{i}:Sha256 must be 64 hexadecimal digits.");
        }

        for (var i = 0; i < options.AllowedSourceNetworks.Count; i++)
            if (!IPNetwork.TryParse(options.AllowedSourceNetworks[i], out _)) faults.Add($"CloneHub:AllowedSourceNetworks:{i} must be a network such as 10.20.0.0/16.");
        if (options.RateLimit.ClonesPerMinute < 1) faults.Add("CloneHub:RateLimit:ClonesPerMinute must be at least 1.");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
