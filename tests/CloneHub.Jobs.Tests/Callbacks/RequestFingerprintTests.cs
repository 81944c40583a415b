using System.Security.Cryptography;
using System.Text;
using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.Tests.Vault;

namespace CloneHub.Jobs.Tests.Callbacks;

public sealed class RequestFingerprintTests : VaultWorld
{
    private static readonly CloneRequest Request = new("acme", Given.Source, "admin", new Secret("source-password"), "shop", Given.Ttl, "key-1");

    /// <summary>Made here from its parts, because jobs of earlier versions hold it.</summary>
    [Fact]
    public void A_request_without_an_address_to_call_has_the_fingerprint_it_always_had()
    {
        var keys = Keys(Line(1));
        var key = keys.Derive(1, "clonehub/request-fingerprint/v1");
        var parts = Encoding.UTF8.GetBytes($"{Given.Source.AbsoluteUri}\0admin\0source-password\0shop\0{Given.Ttl.TotalSeconds:0}");

        Assert.Equal(Convert.ToHexStringLower(HMACSHA256.HashData(key, parts)), new RequestFingerprint(keys).Of(Request));
    }

    [Fact]
    public void Another_address_to_call_is_another_request()
    {
        var fingerprint = new RequestFingerprint(Keys(Line(1)));
        CloneRequest[] requests = [Request, Request with { CallbackUrl = new Secret("https://a.example/") }, Request with { CallbackUrl = new Secret("https://b.example/") }];

        Assert.Equal(3, requests.Select(fingerprint.Of).Distinct().Count());
    }
}
