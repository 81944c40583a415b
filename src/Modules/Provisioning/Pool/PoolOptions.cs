using Microsoft.Extensions.Options;

namespace CloneHub.Provisioning.Pool;

/// <summary>Instances that are made before anybody asks for a clone. Section <c>CloneHub:Pool</c>.</summary>
internal sealed class PoolOptions
{
    public const string Section = "CloneHub:Pool";

    /// <summary>So many are kept ready, and one more for each job that waits; 0 for no pool.</summary>
    public int Size { get; set; }

    /// <summary>Never more than so many, however many jobs wait.</summary>
    public int MaxSize { get; set; } = 8;

    /// <summary>So many are made at the same time.</summary>
    public int AtOnce { get; set; } = 2;

    /// <summary>Time between two looks.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(2);

    public bool IsOff => Size == 0;
}

/// <summary>Refuses to start with a setting that cannot work, and names it.</summary>
internal sealed class PoolOptionsValidation : IValidateOptions<PoolOptions>
{
    public const int Most = 1_000;

    public ValidateOptionsResult Validate(string? name, PoolOptions options) => options switch
    {
        { Size: < 0 or > Most } => Wrong(nameof(options.Size), $"must be from 0 to {Most}."),
        { MaxSize: < 0 or > Most } => Wrong(nameof(options.MaxSize), $"must be from 0 to {Most}."),
        _ when options.MaxSize < options.Size => Wrong(nameof(options.MaxSize), $"must not be less than Size, which is {options.Size}."),
        { AtOnce: < 1 or > 50 } => Wrong(nameof(options.AtOnce), "must be from 1 to 50."),
        _ when options.Interval < TimeSpan.FromMilliseconds(100) || options.Interval > TimeSpan.FromHours(1) => Wrong(nameof(options.Interval), "must be from 00:00:00.1 to 01:00:00."),
        _ => ValidateOptionsResult.Success,
    };

    private static ValidateOptionsResult Wrong(string setting, string what) => ValidateOptionsResult.Fail($"{PoolOptions.Section}:{setting} {what}");
}
