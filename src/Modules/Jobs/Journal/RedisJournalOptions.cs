using System.Text;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Hosting;
using Akka.Persistence.Hosting;
using StackExchange.Redis;

namespace CloneHub.Jobs.Journal;

/// <summary>Lends the journal a connection, so that no connection string with a password stands in the system's configuration.</summary>
internal sealed class RedisJournalSetup(IConnectionMultiplexer connection) : Setup
{
    public IConnectionMultiplexer Connection { get; } = connection;
}

/// <summary>The journal's settings, at the place where Akka.Persistence.Redis has them.</summary>
internal sealed class RedisJournalOptions() : JournalOptions(isDefault: true)
{
    public override string Identifier { get; set; } = "redis";

    /// <summary>Needed only where no <see cref="RedisJournalSetup"/> lends a connection.</summary>
    public string? ConfigurationString { get; set; }

    public string KeyPrefix { get; set; } = "";

    public int Database { get; set; }

    public static Config Defaults { get; } = ConfigurationFactory.ParseString(
        $$"""
        akka.persistence.journal.redis {
          class = "{{typeof(RedisJournal).AssemblyQualifiedName}}"
          plugin-dispatcher = "akka.actor.default-dispatcher"
          configuration-string = ""
          key-prefix = ""
          database = 0
          ping-timeout = 2s
          replay-filter.mode = fail
          circuit-breaker { max-failures = 10, call-timeout = 10s, reset-timeout = 2s }
        }
        """);

    protected override Config InternalDefaultConfig => Defaults.GetConfig("akka.persistence.journal.redis");

    protected override StringBuilder Build(StringBuilder sb)
    {
        if (ConfigurationString is not null) sb.AppendLine($"configuration-string = {ConfigurationString.ToHocon()}");
        sb.AppendLine($"key-prefix = {KeyPrefix.ToHocon()}");
        sb.AppendLine($"database = {Database.ToHocon()}");
        return base.Build(sb);
    }
}

internal static class RedisJournalHosting
{
    /// <summary>Makes Redis the journal of this system, over a connection that somebody else opened and closes.</summary>
    public static AkkaConfigurationBuilder WithRedisJournal(this AkkaConfigurationBuilder builder, IConnectionMultiplexer connection, RedisOptions redis) =>
        builder
            .AddSetup(new RedisJournalSetup(connection))

            // A recovery asks for one even where none is ever made, and the usual store wants a folder beside the program, which is read-only in a pod.
            .AddHocon("akka.persistence.snapshot-store.plugin = \"akka.persistence.no-snapshot-store\"", HoconAddMode.Prepend)
            .WithJournal(new RedisJournalOptions { KeyPrefix = redis.KeyPrefix, Database = redis.Database }, journal => journal.WithHealthCheck());
}
