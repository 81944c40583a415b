using CloneHub.Contracts;

namespace CloneHub.Provisioning.Local;

/// <summary>
/// One at a time over all processes of this machine that share the clones. The kernel frees what a process held that died. One that stands
/// still keeps it, so who has waited long enough goes ahead: two that start the same PHP are a nuisance, one that never does is worse.
/// </summary>
internal static class MachineLock
{
    /// <summary>EWOULDBLOCK of Linux.</summary>
    private const int WouldBlock = 11;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    /// <summary>For what is done to one clone. Some share a lock, so that there are a few files and not one for each clone that ever was.</summary>
    public static Task<IDisposable?> TakeAsync(LocalLayout layout, JobId job, TimeProvider clock, CancellationToken cancellation) =>
        TakeAsync(layout, $"clones-{job.Key[..2]}", clock, cancellation);

    /// <returns>What holds it, to be disposed of; null if somebody else still does.</returns>
    public static async Task<IDisposable?> TakeAsync(LocalLayout layout, string name, TimeProvider clock, CancellationToken cancellation)
    {
        Directory.CreateDirectory(layout.Locks);
        var file = Path.Combine(layout.Locks, name);
        var started = clock.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException held) when (held.HResult == WouldBlock)
            {
                // Held by another process: .NET tells that by the number of the error only.
                if (clock.GetElapsedTime(started) > Patience) return null;
                await Task.Delay(Step, clock, cancellation);
            }
            catch (IOException)
            {
                // A disk without room for a lock: what follows will say so, or do without.
                return null;
            }
        }
    }
}
