using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CloneHub.Provisioning.WordPress;

/// <summary>
/// What a source has told of one of its trees, kept in a file answer by answer, so that who asks again after an interruption goes on from the last one: a
/// source reads each of its files for a listing.
/// </summary>
internal sealed class SavedListing : IAsyncDisposable
{
    /// <summary>Sums that are older are asked for again.</summary>
    private static readonly TimeSpan LongestLife = TimeSpan.FromHours(1);

    private readonly TimeProvider _clock;
    private readonly Stream _file;

    private SavedListing(Stream file, TimeProvider clock, IReadOnlyList<ListingAnswer> answers)
    {
        (_file, _clock, Answers) = (file, clock, answers);
    }

    /// <summary>What is known from before.</summary>
    public IReadOnlyList<ListingAnswer> Answers { get; }

    /// <param name="identity">Of what the listing is; one of anything else begins anew.</param>
    public static async Task<SavedListing> OpenAsync(string path, string identity, TimeProvider clock, CancellationToken cancellation)
    {
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            // An earlier attempt that lives on has it. Without it the listing only takes longer.
            return new SavedListing(Stream.Null, clock, []);
        }

        try
        {
            var (answers, whole) = await ReadAsync(file, identity, clock.GetUtcNow() - LongestLife, cancellation);

            // What was cut off in the middle of a line is no answer.
            file.SetLength(whole);
            file.Seek(whole, SeekOrigin.Begin);
            var saved = new SavedListing(file, clock, answers);
            if (whole == 0) await file.WriteAsync(Encoding.UTF8.GetBytes(identity + "\n"), cancellation);
            return saved;
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
        await JsonSerializer.SerializeAsync(_file, new ListingAnswer(_clock.GetUtcNow(), files, leftOut, after, isEnd), ListingJson.Default.ListingAnswer, cancellation);

        // Without it the line is none.
        await _file.WriteAsync("\n"u8.ToArray(), cancellation);
        await _file.FlushAsync(cancellation);
    }

    public ValueTask DisposeAsync() => _file.DisposeAsync();

    /// <returns>Answers that are whole and not too old, and where they end.</returns>
    private static async Task<(List<ListingAnswer> Answers, long Whole)> ReadAsync(FileStream file, string identity, DateTimeOffset oldest, CancellationToken cancellation)
    {
        var content = new byte[file.Length];
        await file.ReadExactlyAsync(content, cancellation);
        var answers = new List<ListingAnswer>();
        var whole = 0;
        for (var isFirst = true; Array.IndexOf(content, (byte)'\n', whole) is var end and >= 0; isFirst = false)
        {
            var line = content.AsSpan(whole, end - whole);
            if (isFirst)
            {
                if (!line.SequenceEqual(Encoding.UTF8.GetBytes(identity))) break;
            }
            else
            {
                // The first is the oldest.
                if (Parse(line) is not { } answer || (answers.Count == 0 && answer.At < oldest)) break;
                answers.Add(answer);
            }

            whole = end + 1;
        }

        return (answers, answers.Count == 0 ? 0 : whole);
    }

    private static ListingAnswer? Parse(ReadOnlySpan<byte> line)
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
