using CloneHub.Contracts;
using CloneHub.Jobs.Journal;
using CloneHub.Jobs.Tests.Journal;
using CloneHub.Jobs.Vault;
using StackExchange.Redis;

namespace CloneHub.Jobs.Tests.Vault;

[Collection(SharedRedis.Name)]
[Trait("Needs", "servers")]
public sealed class JobVaultTests(RedisServer redis) : VaultWorld, IAsyncLifetime
{
    private readonly JobId _job = IdempotentJobId.New();
    private readonly RedisOptions _options = redis.NewOptions();
    private IConnectionMultiplexer _connection = null!;
    private JobVault _vault = null!;

    public async Task InitializeAsync()
    {
        _connection = await redis.ConnectAsync();
        var store = new JobStore(_connection, _options);
        _vault = new JobVault(store, new SecretSealer(Keys(Line(1))));
        await store.AcceptAsync(new Intake(_job, [1], _vault.Seal(_job, Secrets), DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch));
    }

    public async Task DisposeAsync() => await _connection.DisposeAsync();

    [Fact]
    public async Task Secrets_of_an_accepted_job_open_until_they_are_deleted()
    {
        Assert.Equal(Secrets, await _vault.OpenAsync(_job, CancellationToken.None));
        await _vault.DeleteAsync(_job, CancellationToken.None);
        Assert.Null(await _vault.OpenAsync(_job, CancellationToken.None));
    }

    [Fact]
    public async Task The_log_in_at_the_source_is_forgotten_and_the_rest_stays()
    {
        await _vault.ForgetSourceAsync(_job, CancellationToken.None);
        await _vault.ForgetSourceAsync(_job, CancellationToken.None);
        var expected = Secrets with { SourceUsername = "", SourcePassword = new Secret("") };
        Assert.Equal(expected, await _vault.OpenAsync(_job, CancellationToken.None));
    }

    [Fact]
    public async Task With_it_goes_the_log_in_at_a_site_that_is_restored()
    {
        var job = IdempotentJobId.New();
        var restoring = Secrets with { TargetUsername = "marker-owner", TargetPassword = new Secret("marker-target") };
        await new JobStore(_connection, _options).AcceptAsync(new Intake(job, [1], _vault.Seal(job, restoring), DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch));

        await _vault.ForgetSourceAsync(job, CancellationToken.None);

        Assert.Equal(Secrets with { SourceUsername = "", SourcePassword = new Secret("") }, await _vault.OpenAsync(job, CancellationToken.None));
    }

    [Fact]
    public async Task Of_a_clone_that_is_gone_only_the_address_to_call_is_kept()
    {
        var job = IdempotentJobId.New();
        var called = Secrets with { CallbackUrl = new Secret("https://marker.example/") };
        await new JobStore(_connection, _options).AcceptAsync(new Intake(job, [1], _vault.Seal(job, called), DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch));

        await _vault.ForgetSourceAsync(job, CancellationToken.None);
        await _vault.ForgetCloneAsync(job, CancellationToken.None);
        await _vault.ForgetCloneAsync(job, CancellationToken.None);

        var nothing = new Secret("");
        Assert.Equal(new JobSecrets("", nothing, nothing, nothing, nothing, called.CallbackUrl), await _vault.OpenAsync(job, CancellationToken.None));
    }

    [Fact]
    public async Task Forgetting_the_source_does_not_bring_deleted_secrets_back()
    {
        await _vault.DeleteAsync(_job, CancellationToken.None);
        await _vault.ForgetSourceAsync(_job, CancellationToken.None);
        Assert.Null(await _vault.OpenAsync(_job, CancellationToken.None));
    }

    [Fact]
    public async Task No_secret_stands_readable_anywhere_in_Redis()
    {
        var found = new List<string>();
        await foreach (var key in _connection.GetServers()[0].KeysAsync(pattern: _options.KeyPrefix + "*"))
        {
            var dump = System.Text.Encoding.Latin1.GetString((await _connection.GetDatabase().KeyDumpAsync(key))!);
            if (dump.Contains("marker", StringComparison.Ordinal)) found.Add(key.ToString());
        }

        Assert.Empty(found);
    }
}
