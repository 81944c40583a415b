using CloneHub.Contracts;

namespace CloneHub.Jobs.Journal;

/// <summary>The name of a job's events in the journal. It names the kind of entity, so that no other kind can take it.</summary>
internal static class PersistenceId
{
    private const string Prefix = "clone-";

    public static string Of(JobId job) => Prefix + job.Value;
}
