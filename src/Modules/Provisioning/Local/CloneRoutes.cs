using CloneHub.Contracts;

namespace CloneHub.Provisioning.Local;

/// <summary>Which clones the public may reach. The marks on disk tell it to all processes that share the clones: a look costs microseconds.</summary>
internal sealed class CloneRoutes(LocalLayout layout)
{
    public int Count => layout.JobsWithFolder().Count(IsOpen);

    public bool IsOpen(JobId job) => File.Exists(layout.Of(job).RouteMark);

    public void Open(JobId job) => File.WriteAllBytes(layout.Of(job).RouteMark, []);

    public void Close(JobId job)
    {
        if (IsOpen(job)) File.Delete(layout.Of(job).RouteMark);
    }
}
