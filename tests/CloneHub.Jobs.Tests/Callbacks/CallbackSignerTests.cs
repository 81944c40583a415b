using System.Security.Cryptography;
using System.Text;
using CloneHub.Jobs.Callbacks;
using CloneHub.Jobs.Tests.Vault;

namespace CloneHub.Jobs.Tests.Callbacks;

public sealed class CallbackSignerTests : VaultWorld
{
    private static readonly byte[] Body = """{"email":"test@example.com","username":"test_user"}"""u8.ToArray();

    /// <summary>The example that libraries for Standard Webhooks are tested with.</summary>
    [Fact]
    public void The_signature_is_that_of_Standard_Webhooks() => Assert.Equal(
        "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
        CallbackSigner.Signature(Convert.FromBase64String("C2FVsBQIhrscChlQIMV+b5sSYspob7oD"), "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1649367553, Body));

    [Fact]
    public void A_tenant_has_one_secret_and_it_is_nobody_elses()
    {
        var line = Line(1);
        var (signer, again) = (new CallbackSigner(Keys(line)), new CallbackSigner(Keys(line)));
        var acme = signer.SecretOf("acme").Reveal();

        Assert.Equal(acme, again.SecretOf("acme").Reveal());
        Assert.NotEqual(acme, signer.SecretOf("other").Reveal());
        Assert.NotEqual(acme, new CallbackSigner(Keys(Line(1))).SecretOf("acme").Reveal());
        Assert.Matches("^whsec_[A-Za-z0-9+/]{43}=$", acme);
    }

    [Fact]
    public void After_a_rotation_of_the_master_key_a_call_is_signed_by_both()
    {
        var (old, young) = (Line(1), Line(2));
        var before = new CallbackSigner(Keys(old));
        var after = new CallbackSigner(Keys(young, old));

        var signatures = after.Sign("acme", "msg_a", 7, Body).Split(' ');

        Assert.Equal([Expected(after), Expected(before)], signatures);
        Assert.NotEqual(signatures[0], signatures[1]);
    }

    private static string Expected(CallbackSigner signer)
    {
        var key = Convert.FromBase64String(signer.SecretOf("acme").Reveal()["whsec_".Length..]);
        byte[] signed = [.. Encoding.UTF8.GetBytes("msg_a.7."), .. Body];
        return "v1," + Convert.ToBase64String(HMACSHA256.HashData(key, signed));
    }
}
