using System.Collections.Concurrent;
using CloneHub.Contracts;

namespace CloneHub.Provisioning.Local;

/// <summary>Which clones the public may reach. The marks on disk are the truth; this is what the front door looks at.</summary>
internal sealed class CloneRoutes(LocalLayout layout)
{
    private readonly ConcurrentDictionary<JobId, bool> _open = [];

    public int Count => _open.Count;

    public bool IsOpen(JobId job) => _open.ContainsKey(job);

    public void Open(JobId job)
    {
        File.WriteAllBytes(layout.Of(job).RouteMark, []);
        _open[job] = true;
    }

    public void Close(JobId job)
    {
        _open.TryRemove(job, out _);
        var mark = layout.Of(job).RouteMark;
        if (File.Exists(mark)) File.Delete(mark);
    }

    /// <summary>Takes over the routes an earlier run left open.</summary>
    public void Adopt()
    {
        foreach (var job in layout.JobsWithFolder().Where(job => File.Exists(layout.Of(job).RouteMark))) _open[job] = true;
    }
}
