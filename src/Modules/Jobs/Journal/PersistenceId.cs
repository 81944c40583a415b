using CloneHub.Contracts;

namespace CloneHub.Jobs.Journal;

/// <summary>The name under which the journal keeps a job's events. It says what kind of entity it is, so that no other kind can take it.</summary>
internal static class PersistenceId
{
    private const string Prefix = "clone-";

    public static string Of(JobId job) => Prefix + job.Value;
}
