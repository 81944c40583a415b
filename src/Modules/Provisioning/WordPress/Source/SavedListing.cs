using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CloneHub.Provisioning.WordPress;

/// <summary>
/// What a source has told of one of its trees, kept in a file answer by answer, so that who asks again after an interruption goes on from the last one: a
/// source reads each of its files for a listing. A file that has changed since is noticed when it is fetched.
/// </summary>
internal sealed class SavedListing : IAsyncDisposable
{
    /// <summary>An older listing begins anew: new files of the source would be missed.</summary>
    private static readonly TimeSpan LongestLife = TimeSpan.FromHours(1);

    private readonly TimeProvider _clock;
    private readonly FileStream _file;

    private SavedListing(FileStream file, TimeProvider clock, IReadOnlyList<ListingAnswer> answers)
    {
        (_file, _clock, Answers) = (file, clock, answers);
    }

    /// <summary>What is known from before.</summary>
    public IReadOnlyList<ListingAnswer> Answers { get; }

    public static async Task<SavedListing> OpenAsync(string path, TimeProvider clock, CancellationToken cancellation)
    {
        var answers = new List<ListingAnswer>();
        var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        try
        {
            var whole = 0L;
            using (var reader = new StreamReader(file, Encoding.UTF8, leaveOpen: true))
            {
                while (await reader.ReadLineAsync(cancellation) is { } line)
                {
                    // The first is the oldest.
                    if (TryRead(line) is not { } answer || clock.GetUtcNow() - answer.At > LongestLife) break;
                    answers.Add(answer);
                    whole += Encoding.UTF8.GetByteCount(line) + 1;
                }
            }

            // What was cut off in the middle of a line is no answer.
            file.SetLength(whole);
            file.Seek(0, SeekOrigin.End);
            return new SavedListing(file, clock, answers);
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    /// <summary>An answer is complete.</summary>
    public async Task AddAsync(IReadOnlyList<SourceFile> files, IReadOnlyList<string> leftOut, string after, bool isEnd, CancellationToken cancellation)
    {
        var line = JsonSerializer.SerializeToUtf8Bytes(new ListingAnswer(_clock.GetUtcNow(), files, leftOut, after, isEnd), ListingJson.Default.ListingAnswer);
        await _file.WriteAsync(line, cancellation);
        await _file.WriteAsync("\n"u8.ToArray(), cancellation);
        await _file.FlushAsync(cancellation);
    }

    public ValueTask DisposeAsync() => _file.DisposeAsync();

    private static ListingAnswer? TryRead(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, ListingJson.Default.ListingAnswer);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <param name="After">Where the listing goes on, as the source wrote it.</param>
/// <param name="IsEnd">Nothing comes after it.</param>
internal sealed record ListingAnswer(DateTimeOffset At, IReadOnlyList<SourceFile> Files, IReadOnlyList<string> LeftOut, string After, bool IsEnd);

[JsonSerializable(typeof(ListingAnswer))]
internal sealed partial class ListingJson : JsonSerializerContext;
