using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using CloneHub.Contracts;

namespace CloneHub.Jobs.Api;

/// <summary>
/// Where a page of jobs ends: behind this one, in the order of acceptance, newest first. It opens nothing, as every page is of the asking
/// tenant's jobs only, so it is not signed; text that this API never gave out is told from a cursor all the same.
/// </summary>
internal sealed record JobCursor(DateTimeOffset CreatedAt, JobId Job)
{
    private const int MaxText = 128;

    public static IComparer<JobSnapshot> Order { get; } = Comparer<JobSnapshot>.Create((a, b) => Behind(a).CompareTo(Behind(b)));

    /// <summary>To the microsecond, which is what PostgreSQL keeps of a moment.</summary>
    public static JobCursor Behind(JobSnapshot job) =>
        new(job.CreatedAt.AddTicks(-(job.CreatedAt.Ticks % TimeSpan.TicksPerMicrosecond)), job.Job);

    public bool IsBefore(JobSnapshot job) => CompareTo(Behind(job)) > 0;

    public override string ToString() =>
        Base64Url.EncodeToString(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{CreatedAt.UtcTicks}/{Job}")));

    public static bool TryParse(string text, [NotNullWhen(true)] out JobCursor? cursor)
    {
        cursor = null;
        Span<byte> bytes = stackalloc byte[MaxText];
        if (text.Length > MaxText || Base64Url.DecodeFromChars(text, bytes, out _, out var length) is not OperationStatus.Done) return false;
        var parts = Encoding.ASCII.GetString(bytes[..length]).Split('/');
        if (parts.Length != 2 || !JobId.TryParse(parts[1], out var job)) return false;
        if (!long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) || ticks > DateTimeOffset.MaxValue.UtcTicks) return false;
        cursor = new JobCursor(new DateTimeOffset(ticks, TimeSpan.Zero), job);
        return cursor.ToString() == text;
    }

    private int CompareTo(JobCursor other)
    {
        var byTime = CreatedAt.CompareTo(other.CreatedAt);
        return byTime != 0 ? byTime : string.CompareOrdinal(Job.Value, other.Job.Value);
    }
}
