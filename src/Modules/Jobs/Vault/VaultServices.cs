using CloneHub.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace CloneHub.Jobs.Vault;

internal static class VaultServices
{
    /// <summary>The vault and what else needs the master keys. They are read when the first of it is used, at the start of the program.</summary>
    public static IServiceCollection AddVault(this IServiceCollection services, Func<MasterKeys> masterKeys) => services
        .AddSingleton(_ => masterKeys())
        .AddSingleton<SecretSealer>()
        .AddSingleton<IdempotentJobId>()
        .AddSingleton<JobVault>()
        .AddSingleton<IJobVault>(provider => provider.GetRequiredService<JobVault>());
}
