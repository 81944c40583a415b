using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using StackExchange.Redis;

namespace CloneHub.Jobs.Journal;

internal static class RedisStoreServices
{
    /// <summary>Everything that works with Redis over one connection, and its health check.</summary>
    public static IServiceCollection AddRedisStore(this IServiceCollection services, RedisOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton<IConnectionMultiplexer>(_ => ConnectionMultiplexer.Connect(RedisConnection.Parse(options.ConnectionString)));
        services.AddSingleton<JobStore>();
        services.AddSingleton(provider => new RedisJournalFormat(provider.GetRequiredService<ActorSystem>(), provider.GetRequiredService<TimeProvider>()));
        services.AddHealthChecks().AddCheck<RedisHealth>(RedisHealth.Name, tags: ["ready"]);
        return services;
    }
}
