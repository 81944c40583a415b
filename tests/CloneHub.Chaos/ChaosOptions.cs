using System.Globalization;
using CloneHub.Chaos.Faults;

namespace CloneHub.Chaos;

internal enum Backend
{
    /// <summary>A book of what was made, see <see cref="Ledger"/>.</summary>
    Ledger,

    /// <summary>Real clones on this machine.</summary>
    Local,
}

/// <summary>One run. The same seed gives the same faults at the same moments and the same requests; how they meet is the machine's.</summary>
internal sealed record ChaosOptions
{
    public required int Seed { get; init; }

    /// <summary>How long faults come. The jobs under way after that are awaited.</summary>
    public TimeSpan Length { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>1, or at least 3: of two neither is a majority. The first three are core nodes and workers, all others workers.</summary>
    public int Nodes { get; init; } = 3;

    public int JobsAtOnce { get; init; } = 24;

    /// <summary>Jobs that each worker builds at the same time: few, so that jobs wait.</summary>
    public int Slots { get; init; } = 3;

    /// <summary>The nodes' clock runs so many times as fast as the real one: a clone's shortest time, five minutes, is over in seconds.</summary>
    public int ClockSpeed { get; init; } = 20;

    /// <summary>Real time within which a job that began when the storm ended is over.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(4);

    /// <summary>What befalls the nodes, if it is not to come from the seed.</summary>
    public IReadOnlyList<Gust>? Gusts { get; init; }

    /// <summary>What clones are made in.</summary>
    public Backend Backend { get; init; }

    /// <summary>Whether views are built anew at the end, to compare.</summary>
    public bool RebuildsViews { get; init; } = true;

    /// <summary>What is broken in every node; null for nothing.</summary>
    public Fault? Fault { get; init; }

    public IReadOnlyList<Gust> Weather => Gusts ?? CloneHub.Chaos.Weather.Of(Seed, Length, Nodes, hasMariaDb: Backend is Backend.Local);

    /// <summary>CloneHub.Chaos.dll of an older version, whose nodes are exchanged for this one's; null where none are.</summary>
    public string? From { get; init; }

    /// <summary>How to see the same again.</summary>
    public string Replay => From is not null
        ? string.Create(CultureInfo.InvariantCulture, $"./clonehub.sh chaos --from {Path.GetDirectoryName(From)} --seed {Seed} --jobs {JobsAtOnce}")
        : string.Create(CultureInfo.InvariantCulture, $"./clonehub.sh chaos{(Backend is Backend.Local ? " --backend local" : "")} --seed {Seed} --minutes {Math.Max(1, (int)Length.TotalMinutes)} --nodes {Nodes} --jobs {JobsAtOnce}");
}
