using CloneHub.Contracts;

namespace CloneHub.Provisioning.Local;

/// <summary>
/// Which clones the public may reach. The marks on disk tell it to all processes that share the clones: a look costs microseconds. A job's name
/// leads to its instance, so it is asked by either; but only the job's is an address.
/// </summary>
internal sealed class CloneRoutes(LocalLayout layout)
{
    public int Count => layout.JobsWithFolder().Count(instance => File.Exists(layout.Of(instance).RouteMark));

    public bool IsOpen(JobId job)
    {
        try
        {
            // An empty one is of a release in which every clone bore its job's name.
            return File.ReadAllText(layout.Of(job).RouteMark) is var owner && (owner.Length == 0 || owner == job.Value);
        }
        catch (Exception none) when (none is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    public void Open(JobId job, JobId instance) => File.WriteAllText(layout.Of(instance).RouteMark, job.Value);

    public void Close(JobId instance)
    {
        if (File.Exists(layout.Of(instance).RouteMark)) File.Delete(layout.Of(instance).RouteMark);
    }
}
