using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using CloneHub.Provisioning.WordPress.Import;

namespace CloneHub.Provisioning.WordPress.Media;

/// <summary>What has still to come when the clone is handed over, and from where. Holds no secret: calls are signed with the job's key, which is not here.</summary>
/// <param name="Owner">Account that PHP runs under, where it is not ours.</param>
internal sealed record MediaManifest(SourcePass Source, FileOwner? Owner, IReadOnlyList<PlannedFile> Files);

/// <summary>What became of one of them.</summary>
/// <param name="Md5">Of what the source sent; null if it sent nothing.</param>
/// <param name="HasChanged">The source changed it after it was listed.</param>
/// <param name="Fault">Why it cannot be had; null if it came.</param>
internal sealed record MediaArrival(string Place, long Length, string? Md5, bool HasChanged, string? Fault);

/// <summary>Where a clone's list of awaited media lies: outside of its document root, and nothing that its PHP can read.</summary>
internal sealed class MediaFolder(string path)
{
    private readonly Lock _gate = new();

    private string Manifest => Path.Combine(path, "manifest.json");

    private string Arrivals => Path.Combine(path, "arrivals");

    private string Mark => Path.Combine(path, "awaited");

    /// <summary>Something may still be awaited. Read for each visitor of a clone.</summary>
    internal bool IsAwaiting => File.Exists(Mark);

    /// <summary>Where a file grows until it is complete. What a crash leaves there goes with the clone.</summary>
    internal string NewPart() => PartOf($"{Guid.NewGuid():N}.part");

    internal string PartOf(string name) => Path.Combine(path, name);

    internal void Clear()
    {
        if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
    }

    internal async Task WriteAsync(MediaManifest manifest, CancellationToken cancellation)
    {
        Directory.CreateDirectory(path);
        await File.WriteAllBytesAsync(Manifest, JsonSerializer.SerializeToUtf8Bytes(manifest, MediaJson.Default.MediaManifest), cancellation);
        await File.WriteAllBytesAsync(Mark, [], cancellation);
    }

    /// <summary>Null in a clone that was handed over whole.</summary>
    internal async Task<MediaManifest?> ReadAsync(CancellationToken cancellation) =>
        File.Exists(Manifest) ? JsonSerializer.Deserialize(await File.ReadAllBytesAsync(Manifest, cancellation), MediaJson.Default.MediaManifest) : null;

    /// <summary>Each has a line of its own, begun by a line feed: half a line, which a crash leaves, spoils no other.</summary>
    internal void Note(MediaArrival arrival)
    {
        var line = Encoding.UTF8.GetBytes("\n" + JsonSerializer.Serialize(arrival, MediaJson.Default.MediaArrival));
        lock (_gate)
        {
            using var stream = new FileStream(Arrivals, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            stream.Write(line);
        }
    }

    /// <summary>By place; of two of the same place the last one counts.</summary>
    internal async Task<Dictionary<string, MediaArrival>> ReadArrivalsAsync(CancellationToken cancellation)
    {
        var known = new Dictionary<string, MediaArrival>(StringComparer.Ordinal);
        if (!File.Exists(Arrivals)) return known;
        foreach (var line in await File.ReadAllLinesAsync(Arrivals, cancellation))
        {
            if (Parse(line) is { } arrival) known[arrival.Place] = arrival;
        }

        return known;
    }

    internal void StopAwaiting() => File.Delete(Mark);

    private static MediaArrival? Parse(string line)
    {
        try
        {
            return line.Length == 0 ? null : JsonSerializer.Deserialize(line, MediaJson.Default.MediaArrival);
        }
        catch (JsonException)
        {
            // Half a line: the file is compared with what the source listed.
            return null;
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(MediaManifest))]
[JsonSerializable(typeof(MediaArrival))]
internal sealed partial class MediaJson : JsonSerializerContext;
