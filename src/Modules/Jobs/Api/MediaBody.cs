using System.ComponentModel;
using CloneHub.Jobs.GetJobStatus;

namespace CloneHub.Jobs.Api;

/// <summary>Media that a clone was handed over without.</summary>
internal sealed record MediaBody(
    [property: Description("pending: they come, each at the latest when somebody asks for it. complete: all have come, but for those that the clone itself has replaced. partial: some could not be had; warnings names them.")]
    string State,
    [property: Description("How many the source listed.")] long Files,
    [property: Description("Their bytes, as the source listed them.")] long Bytes,
    [property: Description("How many lie in the clone as the source sent them; absent while they come.")] long? Compared,
    [property: Description("How many could not be had; absent while they come.")] long? Missing,
    [property: Description("How many somebody has replaced or deleted in the clone before they were compared; absent while they come.")] long? Altered)
{
    public static MediaBody From(MediaState media) =>
        new(media.Name, media.Awaited.Files, media.Awaited.Bytes, media.Came?.Compared.Files, media.Came?.Missing, media.Came?.Altered);

    public static MediaBody? Of(IJob job) => job is CloneJob clone && JobSnapshots.MediaOf(clone) is { } media ? From(media) : null;
}
