namespace CloneHub.Provisioning.WordPress.Restore;

/// <param name="Obstacles">Why its tables and files cannot change places, as parts of a sentence; none if they can.</param>
/// <param name="State">How far a restore of this job is there; null if there is none.</param>
/// <param name="LargestBody">Bytes that one request may bring; 0 if there is no limit.</param>
/// <param name="DiskFree">Bytes, where files lie; 0 if the site cannot tell.</param>
/// <param name="WithDatabase">Its database lies there, too.</param>
/// <param name="SchemaVersion">Version of WordPress' tables.</param>
internal sealed record TargetInspection(
    IReadOnlyList<string> Obstacles, string? State, bool Busy, long LargestBody, long LargestStatement, long DiskFree, int SchemaVersion, bool WithDatabase = false);

/// <param name="Busy">Nothing was changed: pages were being served for longer than could be waited for.</param>
/// <param name="State">staging: the site is as it was; swapped: it has its new content; reverted: it has its old content again.</param>
/// <param name="Refusal">Why the site is as it was though a change was tried.</param>
/// <param name="Milliseconds">How long new visitors were held; 0 where nothing had to be changed.</param>
internal sealed record TargetState(bool Busy, string? State, string? Refusal, int Milliseconds)
{
    /// <summary>What was noted of the site's pages before its content changed.</summary>
    public IReadOnlyList<int?> Before { get; init; } = [];

    /// <summary>Those that change places.</summary>
    public IReadOnlyList<string> Tables { get; init; } = [];

    /// <summary>Tables that changed in the last moment, so that nothing was done.</summary>
    public IReadOnlyList<string>? Changed { get; init; }

    /// <summary>How much of the milliseconds went by until the pages that were being served had ended.</summary>
    public int Waited { get; init; }

    /// <summary>What an earlier attempt brought is there still.</summary>
    public bool Kept { get; init; }

    public const string Staging = "staging";
    public const string Swapped = "swapped";
    public const string Reverted = "reverted";

    /// <summary>A later restore has changed places again, so that there is no way back to before this one.</summary>
    public const string Closed = "closed";

    public bool IsSettled => State is null or Staging or Swapped or Reverted or Closed;
}

/// <summary>A file as it has to lie on the site.</summary>
internal sealed record StagedFile(string Path, long Size, string Md5);
