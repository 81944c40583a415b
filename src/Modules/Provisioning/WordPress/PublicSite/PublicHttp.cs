using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace CloneHub.Provisioning.WordPress.PublicSite;

/// <summary>An answer, read to its end.</summary>
/// <param name="Address">Where it came from in the end.</param>
internal sealed record PublicAnswer(Uri Address, HttpStatusCode Status, HttpResponseHeaders Headers, string MediaType, byte[] Body)
{
    internal string Text => Encoding.UTF8.GetString(Body);

    internal int? Number(string header) =>
        Headers.TryGetValues(header, out var values) && int.TryParse(values.FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}

/// <summary>Reads an answer. <c>came</c> is to be told of every number of bytes that a long one has brought.</summary>
internal delegate Task<T> AnswerReader<T>(HttpResponseMessage answer, Uri address, Action<int> came, CancellationToken cancellation);

/// <summary>
/// A visitor of a site that nobody minds: one request at a time with a rest between two, robots.txt obeyed at every address and redirect,
/// a site that says it is busy left alone for as long as it asks, within bounds.
/// </summary>
/// <param name="turn">Whoever visits the same site takes turns by this.</param>
internal sealed class PublicHttp(SourceHttp http, SemaphoreSlim turn, TimeProvider clock) : IDisposable
{
    private const int LargestAnswer = 32 << 20;
    private const int LargestPage = 2 << 20;

    /// <summary>RFC 9309 asks for 500 KB at least; what is cut off is no rule.</summary>
    private const int LargestRobots = 512 << 10;
    private const int MostRobots = 200;
    private const int BytesOfPatience = 64 << 10;
    private const int MostRedirects = 8;
    private const int Tries = 5;
    private const int TriesWithoutAnswer = 3;
    private static readonly TimeSpan ShortestRest = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(2);

    /// <summary>One wait, and all waits of a visit together. A site that asks for more is not cloned now.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LongestWaits = TimeSpan.FromMinutes(10);

    private readonly Dictionary<string, RobotsRules> _robots = new(StringComparer.OrdinalIgnoreCase);
    private TimeSpan _rest = ShortestRest;
    private TimeSpan _waited;
    private long _ended;

    /// <summary>How long a site may be silent, or take for the next 64 KB.</summary>
    internal TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>How long a page or a document may take, however it comes.</summary>
    internal TimeSpan LongestAnswer { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Asks for a page or a document of at most 32 MB.</summary>
    internal Task<PublicAnswer> GetAsync(Uri address, CancellationToken cancellation) =>
        AskAsync(address, (answer, place, came, stop) => ReadAsync(answer, place, LargestAnswer, cuts: false, came, stop), cancellation);

    /// <summary>Asks for a page that people look at: the first 2 MB of it.</summary>
    internal Task<PublicAnswer> GetPageAsync(Uri address, CancellationToken cancellation) =>
        AskAsync(address, (answer, place, came, stop) => ReadAsync(answer, place, LargestPage, cuts: true, came, stop), cancellation);

    /// <summary>Asks, follows redirects, tries again what may pass; answers other than success are the reader's business.</summary>
    internal async Task<T> AskAsync<T>(Uri address, AnswerReader<T> read, CancellationToken cancellation)
    {
        await turn.WaitAsync(cancellation);
        try
        {
            return await FollowAsync(address, obeys: true, read, cancellation);
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose() => http.Dispose();

    private async Task<T> FollowAsync<T>(Uri address, bool obeys, AnswerReader<T> read, CancellationToken cancellation)
    {
        for (var hop = 0; hop <= MostRedirects; hop++)
        {
            var robots = obeys ? await RobotsOfAsync(address, cancellation) : RobotsRules.AllowAll;
            if (!robots.Allows(address)) throw PublicFaults.RobotsDisallow(address);
            var (result, next) = await TryAsync(address, robots.Delay, read, cancellation);
            if (next is null) return result!;
            address = next;
        }

        throw SourceFaults.Unreachable("it redirects in a circle.");
    }

    private async Task<(T? Result, Uri? Next)> TryAsync<T>(Uri address, TimeSpan delay, AnswerReader<T> read, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            await RestAsync(delay, cancellation);
            var started = clock.GetTimestamp();
            var wait = BackOff(attempt);
            try
            {
                using var patience = new CancellationTokenSource(Patience, clock);
                using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
                using var answer = await http.SendAsync(new HttpRequestMessage(HttpMethod.Get, address), both.Token);
                if ((int)answer.StatusCode is >= 300 and < 400 && answer.Headers.Location is { } location) return (default, new Uri(address, location));
                if (Asked(answer) is { } asked) wait = asked > wait ? asked : wait;
                else if (!IsPassing(answer.StatusCode) || attempt == Tries) return (await read(answer, address, Renewal(patience), both.Token), null);
                if (attempt == Tries) throw PublicFaults.RateLimited(Says(answer, address));
                if (wait > LongestWait || _waited + wait > LongestWaits) throw PublicFaults.RateLimited($"{Says(answer, address)}, next time in {wait.TotalSeconds:0} seconds");
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                if (attempt == TriesWithoutAnswer) throw SourceFaults.Unreachable($"no answer within {Patience.TotalSeconds:0} seconds.");
            }
            catch (Exception trouble) when (IsPassing(trouble))
            {
                if (attempt == TriesWithoutAnswer) throw SourceFaults.From(trouble);
            }
            finally
            {
                NoteLoad(clock.GetElapsedTime(started));
            }

            _waited += wait;
            await Task.Delay(wait, clock, cancellation);
        }
    }

    /// <summary>The site rests half as long as its last answer took it.</summary>
    private async Task RestAsync(TimeSpan delay, CancellationToken cancellation)
    {
        var rest = (delay > _rest ? delay : _rest) - clock.GetElapsedTime(_ended);
        if (rest > TimeSpan.Zero && _ended != 0) await Task.Delay(rest, clock, cancellation);
    }

    private void NoteLoad(TimeSpan took)
    {
        _ended = clock.GetTimestamp();
        _rest = TimeSpan.FromTicks(Math.Clamp(took.Ticks / 2, ShortestRest.Ticks, LongestRest.Ticks));
    }

    private async Task<RobotsRules> RobotsOfAsync(Uri address, CancellationToken cancellation)
    {
        if (_robots.TryGetValue(address.Authority, out var known)) return known;
        var file = await FollowAsync(new Uri(address, "/robots.txt"), obeys: false, (answer, place, came, stop) => ReadAsync(answer, place, LargestRobots, cuts: true, came, stop), cancellation);

        // Unavailable means no rules; a server in trouble means that everything is forbidden, so the visit ends.
        if ((int)file.Status >= 500) throw SourceFaults.Unreachable($"its robots.txt answers {(int)file.Status}.");
        if (_robots.Count == MostRobots) _robots.Clear();
        return _robots[address.Authority] = file.Status == HttpStatusCode.OK ? RobotsRules.Parse(file.Text) : RobotsRules.AllowAll;
    }

    /// <param name="cuts">Whether the beginning will do of what is longer.</param>
    private async Task<PublicAnswer> ReadAsync(HttpResponseMessage answer, Uri address, int most, bool cuts, Action<int> came, CancellationToken cancellation)
    {
        var started = clock.GetTimestamp();
        await using var body = await answer.Content.ReadAsStreamAsync(cancellation);
        using var kept = new MemoryStream();
        var buffer = new byte[64 << 10];
        for (int read; (read = await body.ReadAsync(buffer, cancellation)) > 0;)
        {
            came(read);
            kept.Write(buffer, 0, read);
            if (kept.Length > most && cuts) break;
            if (kept.Length > most) throw PublicFaults.TooLarge(address);
            if (clock.GetElapsedTime(started) > LongestAnswer) throw PublicFaults.TooSlow(address, LongestAnswer);
        }

        Refuse(answer, address);
        return new PublicAnswer(address, answer.StatusCode, answer.Headers, answer.Content.Headers.ContentType?.MediaType ?? "", kept.GetBuffer()[..(int)Math.Min(kept.Length, most)]);
    }

    /// <summary>What stands between us and any page of the site has a name of its own.</summary>
    private static void Refuse(HttpResponseMessage answer, Uri address) =>
        DoorFinder.Refuse(new SourcePage(address, answer.StatusCode, "", null, null, SourceHttp.WallOf(answer)));

    private TimeSpan? Asked(HttpResponseMessage answer)
    {
        if (answer.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable)) return null;
        var after = answer.Headers.RetryAfter;
        return after?.Delta ?? (after?.Date is { } date ? date - clock.GetUtcNow() : TimeSpan.Zero);
    }

    /// <summary>A few bytes now and then keep nobody's patience up.</summary>
    private Action<int> Renewal(CancellationTokenSource patience)
    {
        var bytes = 0L;
        return came =>
        {
            if ((bytes += came) < BytesOfPatience) return;
            bytes = 0;
            patience.CancelAfter(Patience);
        };
    }

    private static bool IsPassing(HttpStatusCode status) => (int)status is 500 or 502 or 504 or 408;

    private static bool IsPassing(Exception trouble) =>
        !(trouble is IOException own && Import.FileImport.IsDiskFull(own))
        && SourceFaults.From(trouble) is StepFaultException { Fault: { Retryable: true, Code: "SOURCE_UNREACHABLE" } };

    private static TimeSpan BackOff(int attempt) => TimeSpan.FromMilliseconds(500 << attempt);

    private static string Says(HttpResponseMessage answer, Uri address) =>
        string.Create(CultureInfo.InvariantCulture, $"{address.AbsolutePath} answers {(int)answer.StatusCode}");
}
