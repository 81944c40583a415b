using System.ComponentModel;
using CloneHub.Contracts;
using CloneHub.Jobs.Api;

namespace CloneHub.Jobs.Certificates;

/// <summary>What of a clone's media is proven. Nothing is, as long as they come.</summary>
internal sealed record CertifiedMediaBody(
    [property: Description("pending, complete or partial; a certificate that says pending is followed by another one once they have come.")] string State,
    [property: Description("How many the source listed.")] long Listed,
    [property: Description("When those that had come were compared; absent before.")] DateTimeOffset? ComparedAt,
    [property: Description("Those that lie in the clone as the source sent them, read back; absent before.")] FilesBody? Compared,
    [property: Description("How many could not be had, and are not in the clone; absent before.")] long? Missing,
    [property: Description("How many somebody has replaced or deleted in the clone before they were compared; absent before.")] long? Altered)
{
    public static CertifiedMediaBody From(MediaAwaited awaited, MediaFetched? end) => new(
        new MediaState(awaited, end is null, end?.Facts).Name, awaited.Files, end?.Facts is null ? null : end.At,
        end?.Facts is { } facts ? FilesBody.From(facts.Compared) : null, end?.Facts?.Missing, end?.Facts?.Altered);
}
