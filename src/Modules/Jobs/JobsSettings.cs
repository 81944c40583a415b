using CloneHub.Jobs.Journal;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

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

    /// <summary>Jobs that build at the same time.</summary>
    public required int Slots { get; init; }

    public static JobsSettings Read(IConfiguration configuration)
    {
        var redis = new RedisOptions();
        configuration.GetSection(RedisOptions.Section).Bind(redis);
        var slots = configuration.GetValue("CloneHub:Slots", 4);
        if (slots is < 1 or > MaxSlots) throw new SettingException("CloneHub:Slots", $"must be 1 to {MaxSlots}, not {slots}.");
        if (string.IsNullOrWhiteSpace(redis.ConnectionString)) throw new SettingException("CloneHub:Redis:ConnectionString", "is missing.");
        return new JobsSettings
        {
            Redis = redis,
            PostgreSql = Required(configuration, "CloneHub:PostgreSql:ConnectionString"),
            MigrateAtStart = configuration.GetValue("CloneHub:PostgreSql:MigrateAtStart", false),
            MasterKeyFile = Required(configuration, "CloneHub:MasterKeyFile"),
            MasterKeyIsMounted = configuration.GetValue("CloneHub:MasterKeyIsMounted", false),
            Slots = slots,
        };
    }

    private static string Required(IConfiguration configuration, string setting) =>
        configuration[setting] is { Length: > 0 } value ? value : throw new SettingException(setting, "is missing.");
}
