using CloneHub.Contracts;

namespace CloneHub.Jobs.Queue;

/// <summary>What a job goes by in the queue. Within a tenant and a priority the earlier accepted comes first.</summary>
/// <param name="MakesClone">It will have a clone once it builds, which counts against the ceilings of clones; a restore has none.</param>
internal sealed record Ticket(JobId Job, string Tenant, DateTimeOffset AcceptedAt, JobPriority Priority = JobPriority.Interactive, bool MakesClone = true) : IComparable<Ticket>
{
    public int CompareTo(Ticket? other)
    {
        if (other is null) return 1;
        var order = AcceptedAt.CompareTo(other.AcceptedAt);
        return order != 0 ? order : string.CompareOrdinal(Job.Value, other.Job.Value);
    }
}
