using CloneHub.Jobs.Journal;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Npgsql;

namespace CloneHub.Jobs;

/// <summary>A setting is missing or wrong; the message names it.</summary>
internal sealed class SettingException(string setting, string fault)
    : OptionsValidationException(setting, typeof(JobsSettings), [$"Setting {setting} {fault}"]);

/// <summary>Settings of jobs, section "CloneHub". Read once at start; a wrong one stops the start with its name.</summary>
internal sealed record JobsSettings
{
    private const int MaxSlots = 1000;

    public required RedisOptions Redis { get; init; }

    public required string PostgreSql { get; init; }

    /// <summary>True for a node that owns its database; elsewhere <c>CloneHub.Host migrate</c> is the only writer of the schema.</summary>
    public required bool MigrateAtStart { get; init; }

    public required string MasterKeyFile { get; init; }

    /// <summary>True where the key file is a mounted secret: it must exist, and its group may read it.</summary>
    public required bool MasterKeyIsMounted { get; init; }

    /// <summary>Jobs that build at the same time on this node, if it is a worker.</summary>
    public required int Slots { get; init; }

    public static JobsSettings Read(IConfiguration configuration)
    {
        var redis = RedisOf(configuration);
        var slots = Value(configuration, "CloneHub:Slots", 4);
        if (slots is < 1 or > MaxSlots) throw new SettingException("CloneHub:Slots", $"must be 1 to {MaxSlots}, not {slots}.");
        if (string.IsNullOrWhiteSpace(redis.ConnectionString)) throw new SettingException("CloneHub:Redis:ConnectionString", "is missing.");
        Check("CloneHub:Redis:ConnectionString", () => RedisConnection.Parse(redis.ConnectionString));
        var postgreSql = Required(configuration, "CloneHub:PostgreSql:ConnectionString");
        Check("CloneHub:PostgreSql:ConnectionString", () => NpgsqlDataSource.Create(postgreSql).Dispose());
        return new JobsSettings
        {
            Redis = redis,
            PostgreSql = postgreSql,
            MigrateAtStart = Value(configuration, "CloneHub:PostgreSql:MigrateAtStart", false),
            MasterKeyFile = Required(configuration, "CloneHub:MasterKeyFile"),
            MasterKeyIsMounted = Value(configuration, "CloneHub:MasterKeyIsMounted", false),
            Slots = slots,
        };
    }

    private static RedisOptions RedisOf(IConfiguration configuration)
    {
        var redis = new RedisOptions();
        redis.ConnectionString = configuration[$"{RedisOptions.Section}:ConnectionString"] ?? redis.ConnectionString;
        redis.Database = Value(configuration, $"{RedisOptions.Section}:Database", redis.Database);
        redis.KeyPrefix = configuration[$"{RedisOptions.Section}:KeyPrefix"] ?? redis.KeyPrefix;
        redis.Durability = Value(configuration, $"{RedisOptions.Section}:Durability", redis.Durability);
        return redis;
    }

    private static T Value<T>(IConfiguration configuration, string setting, T otherwise) where T : struct
    {
        try
        {
            return configuration.GetValue(setting, otherwise);
        }
        catch (InvalidOperationException)
        {
            throw new SettingException(setting, typeof(T).IsEnum ? $"must be one of {string.Join(", ", Enum.GetNames(typeof(T))).ToLowerInvariant()}." : $"is not a valid {typeof(T).Name}.");
        }
    }

    /// <summary>Says which setting is wrong and not what it holds: that is a password, often.</summary>
    private static void Check(string setting, Action parse)
    {
        try
        {
            parse();
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidOperationException or KeyNotFoundException or NotSupportedException)
        {
            throw new SettingException(setting, "is not a connection string.");
        }
    }

    private static string Required(IConfiguration configuration, string setting) =>
        configuration[setting] is { Length: > 0 } value ? value : throw new SettingException(setting, "is missing.");
}
