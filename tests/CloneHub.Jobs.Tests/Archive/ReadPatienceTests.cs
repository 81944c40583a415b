using CloneHub.Jobs.Archive;
using Microsoft.Extensions.Time.Testing;

namespace CloneHub.Jobs.Tests.Archive;

public sealed class ReadPatienceTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly FakeTimeProvider _clock = new();
    private readonly ReadPatience _patience;

    public ReadPatienceTests() => _patience = new ReadPatience(Patience, _clock);

    [Fact]
    public async Task Who_has_waited_in_vain_spares_the_next_ones_the_wait_for_a_moment()
    {
        var silent = _patience.AskAsync(() => new TaskCompletionSource<int>().Task, default);
        _clock.Advance(Patience - TimeSpan.FromMilliseconds(1));
        Assert.False(silent.IsCompleted);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await Assert.ThrowsAsync<TimeoutException>(() => silent);

        Assert.True(_patience.IsOver);
        await Assert.ThrowsAsync<TimeoutException>(() => _patience.AskAsync(() => Task.FromResult(1), default));

        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.False(_patience.IsOver);
        Assert.Equal(2, await _patience.AskAsync(() => Task.FromResult(2), default));
    }
}
