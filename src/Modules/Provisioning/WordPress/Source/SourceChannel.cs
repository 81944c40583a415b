using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using CloneHub.Contracts;

namespace CloneHub.Provisioning.WordPress;

/// <summary>
/// A source site with our connector on it. Calls may run side by side; each follows the connector's cursors and repeats what
/// a broken connection left out, so that a caller sees every row and byte once.
/// </summary>
internal sealed class SourceChannel : ITableSource, IAsyncDisposable
{
    /// <summary>Seconds of listing that are lost when this program ends.</summary>
    private const double LongestSaved = 10;

    private readonly Lock _gate = new();
    private readonly List<string> _leftOut = [];
    private readonly SourceHttp _http;
    private readonly CallSigner _signer;
    private readonly SourceCalls _calls;
    private readonly SourceFacts _facts;
    private readonly string _build;
    private readonly Uri _endpoint;
    private readonly bool _deflate;
    private readonly TimeProvider _clock;
    private bool _hasDumped;
    private double _waitedSeconds;

    /// <param name="build">Name of the connector's build, without which it does not leave.</param>
    public SourceChannel(SourceHttp http, Uri endpoint, CallSigner signer, SourceFacts facts, string build, TimeProvider clock)
    {
        _http = http;
        _signer = signer;
        _calls = new SourceCalls(http.SendAsync, endpoint, signer, clock);
        _facts = facts;
        _build = build;
        _endpoint = endpoint;
        Site = endpoint.Authority;

        // On one machine compressing takes longer than sending.
        _deflate = !endpoint.IsLoopback;
        _clock = clock;
    }

    /// <summary>For operations that only some connectors know.</summary>
    internal SourceCalls Calls => _calls;

    /// <summary>Host and port of the site, by which visits to it take turns.</summary>
    public string Site { get; }

    public DumpConsistency Consistency { get; private set; }

    public bool MakesSums => _facts.Operations.Contains("ranges");

    /// <summary>With this and the job's key a program elsewhere can go on where this channel is.</summary>
    public SourcePass Pass => new(_endpoint, _build, _signer.Offset, _facts);

    /// <summary>A person installed the connector: it stays until it has done its work, however many attempts that takes.</summary>
    public bool IsByHand { get; init; }

    /// <summary>See <see cref="ConnectorUse"/>.</summary>
    public long? Fence { get; init; }

    /// <summary>Bounds of one answer: tests make them tiny.</summary>
    internal double AnswerSeconds { get; init; } = TransferPace.MostSeconds;

    /// <summary>Folders and files that listings left out, each with the reason.</summary>
    public IReadOnlyCollection<string> LeftOut
    {
        get
        {
            lock (_gate) return [.. _leftOut];
        }
    }

    /// <summary>How long answers have waited for the site's own visitors, who go first; of answers side by side each counts.</summary>
    public TimeSpan WaitedForVisitors
    {
        get
        {
            lock (_gate) return TimeSpan.FromSeconds(_waitedSeconds);
        }
    }

    /// <summary>Goes on with what another program has opened.</summary>
    public static SourceChannel Resume(SourcePass pass, JobId job, Secret connectorKey, SourceOptions options, TimeProvider clock)
    {
        var signer = new CallSigner(job, connectorKey, clock) { Offset = pass.ClockOffset };
        return new SourceChannel(new SourceHttp(options, clock, job), pass.Endpoint, signer, pass.Facts, pass.Build, clock);
    }

    public Task<SourceFacts> HelloAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return Task.FromResult(_facts);
    }

    public async Task<SourceSchema> SchemaAsync(CancellationToken cancellation) =>
        (await AskAsync("schema", new { deflate = _deflate }, cancellation)).Deserialize(CallJson.Default.SourceSchema)!;

    /// <summary>The site's plugins and themes.</summary>
    public async Task<IReadOnlyList<SourceExtension>> ExtensionsAsync(CancellationToken cancellation) =>
        (await AskAsync("extensions", new { deflate = _deflate }, cancellation)).GetProperty("extensions").Deserialize(CallJson.Default.IReadOnlyListSourceExtension)!;

    public async IAsyncEnumerable<DumpItem> DumpAsync(
        IReadOnlyList<DumpRequest> tables, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var pace = NewPace();
        var progress = new DumpProgress(tables);
        var answers = 0;
        if (_hasDumped || tables.Any(table => table.From is not null)) Consistency = DumpConsistency.Fuzzy;
        _hasDumped = true;
        await using var frames = new FrameStream(_calls, "dump", () => progress.ToRequest(pace, _deflate), pace, NoteWait, cancellation);
        while (!progress.IsComplete)
        {
            var frame = await frames.NextAsync();
            DumpItem? item = null;
            try
            {
                item = Take(progress, frame);
            }
            catch (AnswerBrokenException trouble)
            {
                await frames.DistrustAsync(trouble);
            }

            if (frame.Type == FrameType.Opened && ++answers > 1) Consistency = DumpConsistency.Fuzzy;
            if (frame.Type is FrameType.End or FrameType.Yield && HasFuzzyTables(frame)) Consistency = DumpConsistency.Fuzzy;
            if (item is TableEnded { IsTorn: true }) Consistency = DumpConsistency.Fuzzy;
            if (item is TableRows or TableEnded) frames.Advanced();
            if (item is not null) yield return item;
        }

        // The last frame names the tables whose engine knows no transactions; without it nothing is known of them.
        if (tables.Count > 0 && await frames.LastAsync() is var last && (last.Payload.IsEmpty || HasFuzzyTables(last))) Consistency = DumpConsistency.Fuzzy;
    }

    public IAsyncEnumerable<RangeSum> SumsAsync(IReadOnlyList<SumsRequest> tables, CancellationToken cancellation) =>
        RangeSums.ReadAsync(_calls, tables, NewPace(), NoteWait, cancellation);

    /// <param name="isHasty">The sum of a file may be left out that is too large for the site's PHP to read in time.</param>
    /// <param name="saved">What is known from before, and learns the rest.</param>
    /// <param name="hasSums">False if the source need not read its files.</param>
    public async IAsyncEnumerable<SourceFile> ListAsync(
        FileRoot root, [EnumeratorCancellation] CancellationToken cancellation, bool isHasty = false, SavedListing? saved = null, bool hasSums = true)
    {
        foreach (var answer in saved?.Answers ?? [])
        {
            NoteLeftOut(answer.LeftOut);
            foreach (var file in answer.Files) yield return file;
        }

        if (saved?.Answers is [.., { IsEnd: true }]) yield break;
        var pace = saved is null ? NewPace() : new TransferPace(_clock) { Longest = LongestSaved, Seconds = Math.Min(AnswerSeconds, LongestSaved) };
        var after = saved?.Answers is [.., { } last] ? last.After : "";
        var files = new List<SourceFile>();
        await using var frames = new FrameStream(_calls, "list", () => ListRequest(root, after, isHasty, hasSums, pace), pace, NoteWait, cancellation);
        while (true)
        {
            var frame = await frames.NextAsync();
            if (frame.Type is FrameType.End or FrameType.Yield)
            {
                var end = JsonElement.Parse(frame.Payload.Span);
                after = end.GetProperty("after").GetString()!;
                var leftOut = FileLine.LeftOut(root, end);
                NoteLeftOut(leftOut);
                if (saved is not null) await saved.AddAsync(files, leftOut, after, frame.Type == FrameType.End, cancellation);
                files.Clear();
            }

            if (frame.Type == FrameType.End) yield break;
            if (frame.Type != FrameType.FileList) continue;
            foreach (var file in FileLine.ParseAll(frame.Payload))
            {
                after = Uri.EscapeDataString(file.Path);
                frames.Advanced();
                if (saved is not null) files.Add(file);
                yield return file;
            }
        }
    }

    /// <param name="first">Where the first of them goes on.</param>
    public async IAsyncEnumerable<FileChunk> GetAsync(
        FileRoot root, IReadOnlyList<string> paths, [EnumeratorCancellation] CancellationToken cancellation, FileStart? first = null)
    {
        var pace = NewPace();
        var progress = new FileProgress(root, paths, first);
        await using var frames = new FrameStream(_calls, "get", () => progress.ToRequest(pace, _deflate), pace, NoteWait, cancellation);
        while (!progress.IsComplete)
        {
            var frame = await frames.NextAsync();
            FileChunk? chunk = null;
            try
            {
                chunk = frame.Type switch
                {
                    FrameType.FileData => progress.TakePiece(frame.Payload),
                    FrameType.FileError => progress.TakeError(frame.Payload.Span),
                    _ => null,
                };
            }
            catch (AnswerBrokenException trouble)
            {
                await frames.DistrustAsync(trouble);
            }

            if (chunk is not { } ready) continue;
            if (frame.Type == FrameType.FileError && !ready.IsLast) await frames.RestartAsync();
            else if (ready.IsLast || ready.Data.Length > 0) frames.Advanced();
            yield return ready;
        }

        await frames.LastAsync();
    }

    /// <summary>The source removes the connector and every trace of it. Nothing else can be asked afterwards.</summary>
    /// <returns>What the source could not remove.</returns>
    public async Task<IReadOnlyList<string>> ByeAsync(CancellationToken cancellation) =>
        [.. (await new Farewell(_calls, _clock).SayAsync(_build, cancellation, Fence)).Select(rest => $"wp-content/plugins/{rest}")];

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        _signer.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<JsonElement> AskAsync(string op, object arguments, CancellationToken cancellation)
    {
        var pace = new TransferPace(_clock);
        var errors = new ConnectorErrors();
        while (true)
        {
            try
            {
                return await _calls.AskAsync(op, JsonSerializer.SerializeToUtf8Bytes(arguments), cancellation);
            }
            catch (AnswerBrokenException trouble)
            {
                errors.Note(trouble);
                await pace.BrokenAsync(trouble, cancellation);
            }
        }
    }

    private static DumpItem? Take(DumpProgress progress, Frame frame)
    {
        switch (frame.Type)
        {
            case FrameType.Table:
                return progress.Open(frame.Payload.Span) ? new TableStarted(progress.Table) : null;
            case FrameType.Rows:
                return progress.TakeRows(frame.Payload) is { } rows ? new TableRows(progress.Table, rows, progress.Position) : null;
            case FrameType.BigValue:
                return progress.TakePiece(frame.Payload.Span) is { } row ? new TableRows(progress.Table, row, progress.Position) : null;
            case FrameType.TableEnd:
                return progress.Close(frame.Payload.Span);
            case FrameType.End:
                throw new AnswerBrokenException("The site ended the dump before its last table.");
            default:
                return null;
        }
    }

    private static bool HasFuzzyTables(Frame frame) =>
        frame.Payload.Length > 0 && JsonElement.Parse(frame.Payload.Span).GetProperty("fuzzy").GetArrayLength() > 0;

    private byte[] ListRequest(FileRoot root, string after, bool hasty, bool sums, TransferPace pace) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        root = root == FileRoot.Core ? "core" : "content",
        after,
        hasty,
        sums,
        deflate = _deflate,
        seconds = pace.Seconds,
        bytes = pace.Bytes,
    });

    private void NoteWait(double seconds)
    {
        lock (_gate) _waitedSeconds += seconds;
    }

    private TransferPace NewPace() => new(_clock) { Seconds = AnswerSeconds };

    private void NoteLeftOut(IEnumerable<string> entries)
    {
        lock (_gate) _leftOut.AddRange(entries.Where(entry => !_leftOut.Contains(entry)));
    }
}
