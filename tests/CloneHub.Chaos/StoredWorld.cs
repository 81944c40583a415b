using System.Text.Json;

namespace CloneHub.Chaos;

/// <summary>What a version left behind when it was killed, beside its stores.</summary>
/// <param name="Moment">By its clock.</param>
/// <param name="Told">What it said of each job that rested.</param>
/// <param name="Open">Jobs that were under way: one that was built, the others waiting.</param>
/// <param name="Reports">What it said of the customer of those that rested, by the report's address.</param>
internal sealed record StoredWorld(
    DateTimeOffset Moment, IReadOnlyList<JsonElement> Told, IReadOnlyList<string> Open, IReadOnlyDictionary<string, string> Reports)
{
    public const string MasterKeyFile = "master.key";
    private const string File = "world.json";
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, NewLine = "\n" };

    public static async Task<StoredWorld> ReadAsync(DirectoryInfo folder, CancellationToken ct) =>
        JsonSerializer.Deserialize<StoredWorld>(await System.IO.File.ReadAllTextAsync(Path.Combine(folder.FullName, File), ct))!;

    public Task WriteAsync(DirectoryInfo folder, CancellationToken ct) =>
        System.IO.File.WriteAllTextAsync(Path.Combine(folder.FullName, File), JsonSerializer.Serialize(this, Readable) + "\n", ct);
}
