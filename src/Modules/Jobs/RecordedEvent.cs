namespace CloneHub.Jobs;

/// <summary>
/// An event as both logs hold it. The id tells the same event from another one at the same place: a journal restored from an old backup
/// would otherwise go on with a different history unnoticed.
/// </summary>
internal sealed record RecordedEvent(Guid EventId, IJobEvent Event);
