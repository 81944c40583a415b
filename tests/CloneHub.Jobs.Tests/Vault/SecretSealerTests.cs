using System.Text;
using CloneHub.Contracts;
using CloneHub.Jobs.Vault;

namespace CloneHub.Jobs.Tests.Vault;

public sealed class SecretSealerTests : VaultWorld
{
    private readonly string _line = Line(1);

    [Theory]
    [InlineData(0xe9)]
    [InlineData(0x44f)]
    [InlineData(0x22)]
    public void The_longest_secrets_are_sealed_whatever_they_are_written_in(int letter)
    {
        var secrets = Secrets with { SourceUsername = new string((char)letter, 255), SourcePassword = new Secret(new string((char)letter, 1024)) };

        Assert.Equal(secrets, JobSecretsJson.Read(JobSecretsJson.Write(secrets)));
    }

    [Fact]
    public void An_address_to_call_is_kept_where_there_is_one_and_leaves_no_trace_where_there_is_none()
    {
        var called = Secrets with { CallbackUrl = new Secret("https://acme.example/hook?token=" + new string('t', 2000)) };

        Assert.Equal(called, JobSecretsJson.Read(JobSecretsJson.Write(called)));
        Assert.DoesNotContain("callback", Encoding.UTF8.GetString(JobSecretsJson.Write(Secrets)), StringComparison.Ordinal);
        Assert.Null(JobSecretsJson.Read(JobSecretsJson.Write(Secrets)).CallbackUrl);
    }

    [Fact]
    public void The_log_in_at_a_site_that_is_restored_is_kept_where_there_is_one_and_leaves_no_trace_where_there_is_none()
    {
        var restoring = Secrets with { TargetUsername = "site-marker-user", TargetPassword = new Secret("site-marker-\u2603\"") };

        Assert.Equal(restoring, JobSecretsJson.Read(JobSecretsJson.Write(restoring)));
        Assert.DoesNotContain("target", Encoding.UTF8.GetString(JobSecretsJson.Write(Secrets)), StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_sealed_opens_as_it_was()
    {
        var job = IdempotentJobId.New();
        var sealer = new SecretSealer(Keys(_line));
        Assert.Equal(Secrets, sealer.Open(job, sealer.Seal(job, Secrets)));
    }

    [Fact]
    public void A_seal_shows_nothing_and_never_looks_the_same()
    {
        var job = IdempotentJobId.New();
        var sealer = new SecretSealer(Keys(_line));
        var (a, b) = (sealer.Seal(job, Secrets), sealer.Seal(job, Secrets));
        Assert.DoesNotContain("marker", Encoding.Latin1.GetString(a.Blob), StringComparison.Ordinal);
        Assert.DoesNotContain("marker", a.ToString(), StringComparison.Ordinal);
        Assert.NotEqual(a.Blob[5..], b.Blob[5..]);
    }

    [Fact]
    public void A_change_of_any_byte_is_noticed()
    {
        var job = IdempotentJobId.New();
        var sealer = new SecretSealer(Keys(_line));
        var blob = sealer.Seal(job, Secrets).Blob;
        for (var at = 0; at < blob.Length; at++)
        {
            var changed = (byte[])blob.Clone();
            changed[at] ^= 1;
            AssertUnreadable(() => sealer.Open(job, new SealedSecrets(changed)));
        }

        for (var length = 0; length < blob.Length; length++) AssertUnreadable(() => sealer.Open(job, new SealedSecrets(blob[..length])));
    }

    [Fact]
    public void The_seal_of_one_job_does_not_open_for_another()
    {
        var sealer = new SecretSealer(Keys(_line));
        var found = sealer.Seal(IdempotentJobId.New(), Secrets);
        AssertUnreadable(() => sealer.Open(IdempotentJobId.New(), found));
    }

    [Fact]
    public void Another_master_key_of_the_same_version_does_not_open_it()
    {
        var job = IdempotentJobId.New();
        var found = new SecretSealer(Keys(_line)).Seal(job, Secrets);
        AssertUnreadable(() => new SecretSealer(Keys(Line(1))).Open(job, found));
    }

    [Fact]
    public void After_a_rotation_old_seals_open_with_the_old_key_and_new_ones_need_the_new_key()
    {
        var (job, next) = (IdempotentJobId.New(), Line(2));
        var before = new SecretSealer(Keys(_line));
        var during = new SecretSealer(Keys(next, _line));
        var after = new SecretSealer(Keys(next));
        Assert.Equal(Secrets, during.Open(job, before.Seal(job, Secrets)));
        Assert.Equal(Secrets, after.Open(job, during.Seal(job, Secrets)));
        var cause = AssertUnreadable(() => after.Open(job, before.Seal(job, Secrets)));
        Assert.Contains("no key of version 1", cause.Message, StringComparison.Ordinal);
    }

    private static SecretsUnreadableException AssertUnreadable(Func<object> open)
    {
        var cause = Assert.Throws<SecretsUnreadableException>(open);
        Assert.DoesNotContain("marker", cause.ToString(), StringComparison.Ordinal);
        return cause;
    }
}
