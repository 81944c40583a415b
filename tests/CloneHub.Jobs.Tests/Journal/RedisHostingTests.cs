using Akka.Actor;
using Akka.Hosting;
using Akka.Persistence;
using CloneHub.Jobs.Journal;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis;

namespace CloneHub.Jobs.Tests.Journal;

/// <summary>The journal as the program runs it: over the shared connection, without a line of HOCON.</summary>
[Collection(SharedRedis.Name)]
[Trait("Needs", "servers")]
public sealed class RedisHostingTests(RedisServer redis)
{
    [Fact]
    public async Task An_actor_recovers_in_the_next_run_what_it_persisted_in_this_one()
    {
        var options = redis.NewOptions();
        Assert.Equal("", await InAHostAsync(options, counter => AskAsync(counter, "?")));
        Assert.Equal("ab", await InAHostAsync(options, async counter => await AskAsync(counter, "a") + await AskAsync(counter, "b")));
        Assert.Equal("ab", await InAHostAsync(options, counter => AskAsync(counter, "?")));
    }

    [Fact]
    public async Task Health_tells_of_Redis_and_of_the_journal()
    {
        using var host = await StartAsync(redis.NewOptions());
        var health = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
        Assert.Equal(HealthStatus.Healthy, health.Status);
        Assert.Contains(RedisHealth.Name, health.Entries.Keys);
        Assert.Contains(health.Entries.Keys, name => name.Contains("journal", StringComparison.OrdinalIgnoreCase));
        await host.StopAsync();
    }

    [Fact]
    public async Task No_connection_string_stands_in_the_configuration_of_the_system()
    {
        using var host = await StartAsync(redis.NewOptions());
        var journal = host.Services.GetRequiredService<ActorSystem>().Settings.Config.GetConfig("akka.persistence.journal.redis");
        Assert.Equal("", journal.GetString("configuration-string"));
        Assert.Equal("fail", journal.GetString("replay-filter.mode"));
        await host.StopAsync();
    }

    private static Task<string> AskAsync(IActorRef letters, string letter) => letters.Ask<string>(letter, TimeSpan.FromSeconds(20));

    private static async Task<string> InAHostAsync(RedisOptions options, Func<IActorRef, Task<string>> talk)
    {
        using var host = await StartAsync(options);
        var answer = await talk(host.Services.GetRequiredService<IRequiredActor<Letters>>().ActorRef);
        await host.StopAsync();
        return answer;
    }

    private static async Task<IHost> StartAsync(RedisOptions options)
    {
        var builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Services.AddRedisStore(options);
        builder.Services.AddAkka("hosting", (akka, services) => akka
            .WithRedisJournal(services.GetRequiredService<IConnectionMultiplexer>(), options)

            // As in a pod, where no folder beside the program can be made.
            .AddHocon("akka.persistence.snapshot-store.local.dir = /proc/snapshots", HoconAddMode.Prepend)
            .WithActors((system, registry) => registry.Register<Letters>(system.ActorOf(Props.Create(() => new Letters())))));
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    /// <summary>Keeps the letters it is told and answers each with itself; a question mark is answered with all of them.</summary>
    private sealed class Letters : ReceivePersistentActor
    {
        private string _all = "";

        public Letters()
        {
            Recover<string>(letter => _all += letter);
            Command<string>(letter => letter == "?", _ => Sender.Tell(_all));
            Command<string>(letter => Persist(letter, stored =>
            {
                _all += stored;
                Sender.Tell(stored);
            }));
        }

        public override string PersistenceId => "letters";
    }
}
