using System.Globalization;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>Adds up bytes of tables and files, and tells of every further percent.</summary>
internal sealed class ImportProgress(IProgress<ContentProgress> report)
{
    private readonly Lock _lock = new();
    private long _total = 1;
    private long _done;
    private int _told = -1;

    internal void Expect(long bytes) => Interlocked.Add(ref _total, bytes);

    internal void Advance(long bytes, string what, long count, long of)
    {
        var done = Interlocked.Add(ref _done, bytes);
        var fraction = Math.Clamp((double)done / Interlocked.Read(ref _total), 0, 1);
        lock (_lock)
        {
            var percent = (int)(fraction * 100);
            if (percent <= _told) return;
            _told = percent;
            report.Report(new ContentProgress(fraction, string.Create(CultureInfo.InvariantCulture, $"{what}: {count:N0} of {Math.Max(count, of):N0}")));
        }
    }
}
