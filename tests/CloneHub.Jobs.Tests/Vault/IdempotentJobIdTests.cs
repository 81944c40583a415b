using CloneHub.Jobs.Vault;

namespace CloneHub.Jobs.Tests.Vault;

public sealed class IdempotentJobIdTests : VaultWorld
{
    [Fact]
    public void The_same_key_of_the_same_tenant_is_the_same_job_also_after_a_restart()
    {
        var path = Write(Line(1));
        using var before = new IdempotentJobId(MasterKeys.LoadOrCreate(path));
        using var after = new IdempotentJobId(MasterKeys.LoadOrCreate(path));
        Assert.Equal(before.Of("acme", "k-1"), after.Of("acme", "k-1"));
        Assert.Empty(after.Earlier("acme", "k-1"));
    }

    [Fact]
    public void Another_key_another_tenant_and_another_installation_give_other_jobs()
    {
        using var ids = new IdempotentJobId(Keys(Line(1)));
        using var elsewhere = new IdempotentJobId(Keys(Line(1)));
        CloneHub.Contracts.JobId[] all =
        [
            ids.Of("acme", "k-1"), ids.Of("acme", "k-2"), ids.Of("other", "k-1"), ids.Of("acmek", "-1"), elsewhere.Of("acme", "k-1"), IdempotentJobId.New(),
            IdempotentJobId.New(),
        ];
        Assert.Equal(all.Length, all.Distinct().Count());
    }

    [Fact]
    public void A_request_from_before_a_rotation_is_recognised_after_it()
    {
        var (old, next) = (Line(1), Line(2));
        using var before = new IdempotentJobId(Keys(old));
        using var during = new IdempotentJobId(Keys(next, old));
        Assert.NotEqual(before.Of("acme", "k-1"), during.Of("acme", "k-1"));
        Assert.Equal([before.Of("acme", "k-1")], during.Earlier("acme", "k-1"));
    }
}
