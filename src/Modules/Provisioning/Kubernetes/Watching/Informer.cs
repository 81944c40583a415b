using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace CloneHub.Provisioning.Kubernetes.Watching;

/// <summary>One kind of object as the server lists and watches it.</summary>
/// <param name="ListAsync">All of them, and the version of that list.</param>
/// <param name="WatchAsync">What changes from a version on, for so many seconds; errors that the server tells inside go to the action.</param>
internal sealed record WatchedKind<T>(
    string Name,
    Func<CancellationToken, Task<(IEnumerable<T> Items, string Version)>> ListAsync,
    Func<string, int, Action<Exception>, CancellationToken, IAsyncEnumerable<(WatchEventType Type, T Item)>> WatchAsync);

/// <summary>
/// Knows all objects of one kind without asking for each: it lists them once, then listens. It lists again when the server has forgotten
/// the version it listens from (410), and now and then in case it has missed something.
/// </summary>
internal sealed class Informer<T>(WatchedKind<T> kind, Action changed, Action<string, Exception> troubled, TimeProvider clock)
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private const int WatchSeconds = 60;
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(WatchSeconds + 15);
    private static readonly TimeSpan Resync = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<string, T> _items = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _version;
    private long _listedAt;

    /// <summary>Ends when all objects have been seen once.</summary>
    public Task Synced => _synced.Task;

    public ICollection<T> Items => _items.Values;

    public T? Find(string name) => _items.TryGetValue(name, out var item) ? item : default;

    /// <summary>A newer state of an object that is known already. One that has gone meanwhile does not come back by this.</summary>
    public void Learn(T item)
    {
        if (_items.TryGetValue(item.Metadata.Name, out var known) && IsNewer(item, known) && _items.TryUpdate(item.Metadata.Name, item, known)) changed();
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        var wait = ShortestWait;
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(cancellation);
                wait = ShortestWait;
            }
            catch (Exception trouble)
            {
                if (cancellation.IsCancellationRequested) return;

                // Whatever it is, the only thing to do is to ask again; what was known stays known meanwhile.
                if (IsForgotten(trouble)) _version = null;
                else troubled(kind.Name, trouble);
                await Task.Delay(WaitAfter(trouble) ?? wait, clock, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
            }
        }
    }

    /// <summary>Lists if need be, then listens until the server ends the watch.</summary>
    private async Task ListenAsync(CancellationToken cancellation)
    {
        if (_version is null || clock.GetElapsedTime(_listedAt) > Resync) await ListAsync(cancellation);

        // A connection that died without a farewell is silent for ever: the server ends a watch in time, or we do.
        using var silence = new CancellationTokenSource(Silence, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, silence.Token);
        var begun = clock.GetTimestamp();
        Exception? told = null;
        try
        {
            await foreach (var (type, item) in kind.WatchAsync(_version!, WatchSeconds, error => told ??= error, either.Token))
            {
                if (told is not null) break;
                if (item.Metadata?.ResourceVersion is { Length: > 0 } version) _version = version;
                if (type != WatchEventType.Bookmark) Note(type, item);
            }
        }
        catch (HttpRequestException empty) when (empty.InnerException is EndOfStreamException && clock.GetElapsedTime(begun) > ShortestWait)
        {
            // The client takes the end of a watch in which nothing happened for a broken connection.
        }

        if (told is not null) throw told;
    }

    private void Note(WatchEventType type, T item)
    {
        if (type == WatchEventType.Deleted) _items.TryRemove(item.Metadata!.Name, out _);
        else _items.AddOrUpdate(item.Metadata!.Name, item, (_, known) => IsNewer(known, item) ? known : item);
        changed();
    }

    private async Task ListAsync(CancellationToken cancellation)
    {
        var (items, version) = await kind.ListAsync(cancellation);
        var all = items.ToDictionary(item => item.Metadata.Name, StringComparer.Ordinal);
        foreach (var gone in _items.Keys.Except(all.Keys)) _items.TryRemove(gone, out _);
        foreach (var (name, item) in all) _items[name] = item;
        _version = version;
        _listedAt = clock.GetTimestamp();
        _synced.TrySetResult();
        changed();
    }

    /// <summary>Versions are numbers that rise; where a server has other ones, what it tells last counts.</summary>
    private static bool IsNewer(T one, T other) =>
        one.Metadata.Uid == other.Metadata.Uid && long.TryParse(one.Metadata.ResourceVersion, CultureInfo.InvariantCulture, out var first)
        && long.TryParse(other.Metadata.ResourceVersion, CultureInfo.InvariantCulture, out var second) && first > second;

    private static bool IsForgotten(Exception trouble) => trouble switch
    {
        KubernetesException { Status.Code: (int)HttpStatusCode.Gone } => true,
        HttpOperationException { Response.StatusCode: HttpStatusCode.Gone } => true,
        _ => false,
    };

    private static TimeSpan? WaitAfter(Exception trouble)
    {
        if (trouble is not HttpOperationException { Response: { StatusCode: HttpStatusCode.TooManyRequests, Headers: { } headers } }) return null;
        return headers.TryGetValue("Retry-After", out var values) && int.TryParse(values.FirstOrDefault(), out var seconds) ? TimeSpan.FromSeconds(Math.Clamp(seconds, 1, 30)) : null;
    }
}
