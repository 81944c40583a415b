using Akka.Cluster;
using CloneHub.Contracts;

namespace CloneHub.Jobs.Nodes;

/// <summary>Which workers there are, and which of them take orders: members that are up, in sight and not about to go.</summary>
internal sealed class WorkerRoll
{
    private readonly Dictionary<UniqueAddress, Member> _members = [];
    private readonly HashSet<UniqueAddress> _hidden = [];
    private readonly HashSet<string> _draining = new(StringComparer.Ordinal);

    public void Note(Member member)
    {
        if (member.HasRole(NodeRoles.Worker)) _members[member.UniqueAddress] = member;
    }

    public void Remove(UniqueAddress worker)
    {
        _members.Remove(worker);
        _hidden.Remove(worker);
        _draining.Remove(worker.Address.ToString());
    }

    public void Hide(UniqueAddress worker) => _hidden.Add(worker);

    public void Show(UniqueAddress worker) => _hidden.Remove(worker);

    /// <summary>Null for one that is not there: gone, or not heard of yet.</summary>
    public UniqueAddress? Find(string name) => _members.Keys.FirstOrDefault(worker => WorkerName.Of(worker) == name);

    /// <summary>It ends in order, and takes no more.</summary>
    public bool Goes(UniqueAddress worker) =>
        _draining.Contains(worker.Address.ToString()) || (_members.TryGetValue(worker, out var member) && member.Status is MemberStatus.Leaving or MemberStatus.Exiting);

    public void Drains(string address) => _draining.Add(address);

    public bool IsFree(UniqueAddress? worker) =>
        worker is not null && _members.TryGetValue(worker, out var member) && member.Status is MemberStatus.Up
        && !_hidden.Contains(worker) && !_draining.Contains(worker.Address.ToString());

    /// <summary>The free worker with the fewest of these; of equals another one for each job, so that core nodes do not all begin with the same.</summary>
    public UniqueAddress? Next(IEnumerable<UniqueAddress?> busy, JobId job)
    {
        var load = busy.OfType<UniqueAddress>().CountBy(worker => worker).ToDictionary();
        return _members.Keys.Where(IsFree).OrderBy(worker => load.GetValueOrDefault(worker)).ThenBy(worker => HashCode.Combine(worker, job)).FirstOrDefault();
    }
}
