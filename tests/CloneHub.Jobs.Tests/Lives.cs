using CloneHub.Contracts;

namespace CloneHub.Jobs.Tests;

/// <summary>Most tests are about clones: they ask a job what only a clone can answer.</summary>
internal static class Lives
{
    extension(IJob job)
    {
        public Stage Stage => ((CloneJob)job).Stage;
    }
}
