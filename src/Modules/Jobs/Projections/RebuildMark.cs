using Marten;

namespace CloneHub.Jobs.Projections;

/// <summary>
/// A rebuild that has begun. It is written in the transactions that do the work, so whoever runs the command again goes on where the one
/// that was killed left off.
/// </summary>
internal sealed record RebuildMark
{
    /// <summary>Name of the projection.</summary>
    public required string Id { get; init; }

    /// <summary>Reports: the newest event when it began; the rebuild is over when the projection has come so far.</summary>
    public long Target { get; init; }

    /// <summary>JobStatus: the last job that was looked at.</summary>
    public string Cursor { get; init; } = "";

    /// <summary>JobStatus: this pass looks at jobs that have changed since then.</summary>
    public DateTimeOffset Since { get; init; } = DateTimeOffset.UnixEpoch;

    /// <summary>JobStatus: when this pass began, by the clock of PostgreSQL.</summary>
    public DateTimeOffset PassBegan { get; init; }

    /// <summary>JobStatus: views that this pass found to be different and wrote anew.</summary>
    public long Rewritten { get; init; }

    public static void Map(StoreOptions options) => options.Schema.For<RebuildMark>().DocumentAlias("rebuild_mark");
}
