using System.Text;
using CloneHub.Contracts;

namespace CloneHub.Provisioning.Agent;

/// <summary>
/// What came on the agent's standard error, for the operator's log. It is written where strangers' code runs: it is bounded, it is text, and what the job
/// must not tell is taken out of it.
/// </summary>
internal sealed class AgentErrors(JobSecrets secrets)
{
    /// <summary>Characters that are told: the beginning of an exception says most.</summary>
    public const int Longest = 8 * 1024;

    private readonly SecretFilter _filter = new(secrets);
    private readonly byte[] _said = new byte[Longest + new SecretFilter(secrets).Longest];
    private int _length;

    public bool IsEmpty => _length == 0;

    public void Add(ReadOnlySpan<byte> bytes)
    {
        var kept = bytes[..Math.Min(bytes.Length, _said.Length - _length)];
        kept.CopyTo(_said.AsSpan(_length));
        _length += kept.Length;
    }

    public override string ToString()
    {
        var text = _filter.Apply(Encoding.UTF8.GetString(_said, 0, _length));

        // Where more was said the last thing that was kept may be the beginning of a secret.
        if (_length == _said.Length) text = text[..Math.Max(0, text.Length - (_said.Length - Longest))];
        if (text.Length > Longest) text = text[..Longest];
        return string.Concat(text.Select(letter => char.IsControl(letter) && letter != '\n' ? ' ' : letter)).Trim();
    }
}
