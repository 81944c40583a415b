namespace CloneHub.Provisioning.WordPress;

/// <summary>What the connector itself says is wrong: what fails twice in the same way, with nothing new in between, fails for good.</summary>
internal sealed class ConnectorErrors
{
    private string? _last;

    /// <exception cref="StepFaultException">The connector has said the same before.</exception>
    public void Note(AnswerBrokenException trouble)
    {
        if (trouble.Said is not { } said) return;
        if (said == _last) throw SourceFaults.ConnectorFailed(said, retryable: true);
        _last = said;
    }

    public void Forget() => _last = null;
}
