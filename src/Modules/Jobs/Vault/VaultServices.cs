using CloneHub.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace CloneHub.Jobs.Vault;

internal static class VaultServices
{
    /// <summary>The vault and what else needs the master keys. They are read when the first of it is used, at the start of the program.</summary>
    public static IServiceCollection AddVault(this IServiceCollection services, Func<MasterKeys> masterKeys) => services
        .AddSingleton(_ => Read(masterKeys))
        .AddHostedService<MasterKeysAtStart>()
        .AddSingleton<SecretSealer>()
        .AddSingleton<IdempotentJobId>()
        .AddSingleton<JobVault>()
        .AddSingleton<IJobVault>(provider => provider.GetRequiredService<JobVault>());

    private static MasterKeys Read(Func<MasterKeys> masterKeys)
    {
        try
        {
            return masterKeys();
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new SettingException("CloneHub:MasterKeyFile", $"cannot be used: {e.Message}");
        }
    }

    /// <summary>Needs the keys before anything has begun: a node without them could accept nothing.</summary>
    private sealed class MasterKeysAtStart : IHostedService
    {
        public MasterKeysAtStart(MasterKeys keys) => ArgumentNullException.ThrowIfNull(keys);

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
