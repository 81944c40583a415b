using System.Collections.Concurrent;
using CloneHub.Provisioning.Kubernetes;
using CloneHub.Provisioning.Kubernetes.Watching;
using CloneHub.Testing;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Time.Testing;

namespace CloneHub.Provisioning.Tests.Kubernetes;

// xUnit ends the fields in DisposeAsync of IAsyncLifetime.
#pragma warning disable CA1001
public sealed class InformerTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<Exception> _troubles = new();
    private FakeApiServer _server = null!;
    private Informer<V1ConfigMap> _informer = null!;
    private Task _running = Task.CompletedTask;

    public async Task InitializeAsync()
    {
        _server = await FakeApiServer.StartAsync();
        _informer = InformerBy(TimeProvider.System);
    }

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        await _server.DisposeAsync();
        _stop.Dispose();
    }

    [Fact]
    public async Task What_is_there_is_known_and_what_changes_is_heard()
    {
        _server.Names = ["a", "b"];
        _server.NextWatch(breaks: false, ("ADDED", "c", "11"), ("DELETED", "a", "12"));
        Run();

        await KnowsAsync("b", "c");
        Assert.True(_informer.Synced.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task The_answer_to_a_change_of_our_own_is_known_before_a_watch_tells_it_and_not_undone_by_what_it_tells_late()
    {
        _server.Names = ["a"];
        _server.NextWatch(breaks: true, ("ADDED", "b", "11"));
        Run();
        await KnowsAsync("a", "b");
        _informer.Learn(Map("a", "20"));
        _informer.Learn(Map("a", "15"));
        _informer.Learn(Map("gone", "30"));
        Assert.Equal("20", _informer.Find("a")?.Metadata.ResourceVersion);
        Assert.Null(_informer.Find("gone"));

        _server.NextWatch(breaks: false, ("MODIFIED", "a", "15"), ("ADDED", "c", "21"));
        _server.Break();
        await KnowsAsync("a", "b", "c");
        Assert.Equal("20", _informer.Find("a")?.Metadata.ResourceVersion);

        V1ConfigMap Map(string name, string version) =>
            new() { Metadata = new V1ObjectMeta { Name = name, Uid = _informer.Find("a")!.Metadata.Uid, ResourceVersion = version } };
    }

    [Fact]
    public async Task A_watch_that_ends_goes_on_from_where_it_was_without_a_list()
    {
        _server.NextWatch(breaks: false, ("ADDED", "a", "11"));
        _server.NextWatch(breaks: true, ("ADDED", "b", "12"));
        _server.NextWatch(breaks: false, ("ADDED", "c", "13"));
        Run();
        await KnowsAsync("a", "b");
        _server.Break();

        await KnowsAsync("a", "b", "c");
        await AskedAsync("list", "watch 10", "watch 11", "watch 12", "watch 13");
    }

    [Fact]
    public async Task A_watch_in_which_nothing_happened_is_no_trouble_and_the_next_one_begins_at_once()
    {
        var clock = new FakeTimeProvider();
        _informer = InformerBy(clock);
        _server.NextWatchIsQuiet();
        Run();
        await AskedAsync("list", "watch 10");
        clock.Advance(TimeSpan.FromMinutes(1));
        _server.Break();

        // By a clock that stands still nobody comes to the end of a pause.
        await AskedAsync("list", "watch 10", "watch 10");
        Assert.Empty(_troubles);
    }

    [Fact]
    public async Task A_bookmark_moves_the_place_to_go_on_from_and_is_no_object()
    {
        _server.NextWatch(breaks: false, ("ADDED", "a", "11"), ("BOOKMARK", "", "90"));
        Run();

        await AskedAsync("list", "watch 10", "watch 90");
        await KnowsAsync("a");
    }

    [Fact]
    public async Task A_version_that_is_forgotten_makes_it_list_again()
    {
        (_server.Names, _server.Later) = (["a", "b"], (["b", "d"], "50"));
        _server.NextWatch(breaks: false, ("ADDED", "c", "11"));
        _server.NextWatchIsGone();
        Run();

        await KnowsAsync("b", "d");
        await AskedAsync("list", "watch 10", "watch 11", "list", "watch 50");
        Assert.Empty(_troubles);
    }

    [Fact]
    public async Task A_version_refused_at_the_door_makes_it_list_again()
    {
        _server.NextWatchIs(410);
        Run();

        await AskedAsync("list", "watch 10", "list", "watch 10");
        Assert.Empty(_troubles);
    }

    [Fact]
    public async Task A_busy_server_is_asked_again_when_it_said_so_and_nothing_is_forgotten_meanwhile()
    {
        _server.Names = ["a"];
        _server.NextWatchIs(429, retryAfter: "1");
        _server.NextWatch(breaks: false, ("ADDED", "b", "11"));
        var started = TimeProvider.System.GetTimestamp();
        Run();

        await KnowsAsync("a", "b");
        Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalSeconds, 0.9, 8);
        await AskedAsync("list", "watch 10", "watch 10", "watch 11");
    }

    [Fact]
    public async Task A_call_to_a_busy_server_waits_as_long_as_it_is_told()
    {
        await using var busy = await FakeApiServer.StartAsync(new PatientHandler(new ClusterGate(TimeProvider.System)));
        (busy.Busy, busy.Names) = (2, ["a"]);
        var started = TimeProvider.System.GetTimestamp();

        Assert.Single((await busy.Client.CoreV1.ListNamespacedConfigMapAsync("clones")).Items);
        Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalSeconds, 1.9, 8);
    }

    private Informer<V1ConfigMap> InformerBy(TimeProvider clock) =>
        new(new WatchedKinds(_server.Client, "clones").Anchors, () => { }, (_, trouble) => _troubles.Enqueue(trouble), clock);

    private void Run() => _running = _informer.RunAsync(_stop.Token);

    private Task KnowsAsync(params string[] names) => Eventually.Until(
        $"it knows {string.Join(", ", names)}", () => _informer.Items.Select(item => item.Metadata.Name).Order(StringComparer.Ordinal).SequenceEqual(names));

    private Task AskedAsync(params string[] calls) => Eventually.Until($"the server was asked {string.Join(", ", calls)}", () => _server.Asked.SequenceEqual(calls));
}
