using Akka.Actor;
using Akka.Persistence;
using CloneHub.Jobs.Journal;

namespace CloneHub.Jobs.Tests.Journal;

/// <summary>The rules of Akka's journal, as its own test kit has them, and ours on top: batches are fenced.</summary>
[Collection(SharedRedis.Name)]
[Trait("Needs", "servers")]
public sealed class RedisJournalTests(RedisServer redis) : JournalSpec(redis.NewOptions())
{
    [Fact]
    public void All_events_are_replayed_in_order()
    {
        Written(1, 5);
        var (events, highest) = Replay();
        Assert.Equal([1, 2, 3, 4, 5], events.Select(e => e.SequenceNr));
        Assert.Equal(["a-1", "a-2", "a-3", "a-4", "a-5"], events.Select(e => e.Payload));
        Assert.Equal(5, highest);
    }

    [Theory]
    [InlineData(3, long.MaxValue, long.MaxValue, new long[] { 3, 4, 5 })]
    [InlineData(1, 3, long.MaxValue, new long[] { 1, 2, 3 })]
    [InlineData(1, long.MaxValue, 3, new long[] { 1, 2, 3 })]
    [InlineData(2, 3, long.MaxValue, new long[] { 2, 3 })]
    [InlineData(2, 5, 2, new long[] { 2, 3 })]
    [InlineData(2, 2, long.MaxValue, new long[] { 2 })]
    [InlineData(1, long.MaxValue, 0, new long[0])]
    [InlineData(1, 0, long.MaxValue, new long[0])]
    [InlineData(3, 2, long.MaxValue, new long[0])]
    [InlineData(6, long.MaxValue, long.MaxValue, new long[0])]
    public void A_replay_keeps_to_its_range_and_its_limit(long from, long to, long max, long[] expected)
    {
        Written(1, 5);
        Assert.Equal(expected, Replayed(from, to, max));
    }

    [Fact]
    public void An_unknown_id_has_no_events_and_highest_number_0()
    {
        var (events, highest) = Replay(id: "nobody");
        Assert.Empty(events);
        Assert.Equal(0, highest);
    }

    [Fact]
    public void Events_are_deleted_up_to_a_number()
    {
        Written(1, 5);
        Delete(3);
        Assert.Equal([4, 5], Replayed());
    }

    [Fact]
    public void The_highest_number_survives_the_deletion_of_every_event()
    {
        Written(1, 5);
        Delete(long.MaxValue);
        var (events, highest) = Replay();
        Assert.Empty(events);
        Assert.Equal(5, highest);
        Written(6, 6);
        Assert.Equal([6], Replayed());
    }

    [Fact]
    public void Many_batches_of_one_request_keep_their_order()
    {
        Written(1, 40, atomic: false);
        Written(41, 60);
        Written(61, 80, atomic: false);
        Assert.Equal(Numbers(1, 80), Replayed());
    }

    [Fact]
    public void Many_ids_do_not_mix()
    {
        var ids = Enumerable.Range(1, 200).Select(number => $"many-{number}").ToList();
        var probes = ids.Select(id => Write(1, 3, id, payload: number => $"{id}/{number}")).ToList();
        foreach (var probe in probes) probe.ExpectMsg<WriteMessagesSuccessful>();
        foreach (var id in ids) Assert.Equal([$"{id}/1", $"{id}/2", $"{id}/3"], Replay(id: id).Events.Select(e => e.Payload));
    }

    [Fact]
    public void An_event_that_cannot_be_serialized_is_rejected_and_nothing_of_its_batch_is_stored()
    {
        Written(1, 2);
        var probe = Write(3, 5, payload: number => number == 4 ? new RecordedEvent(Guid.Empty, new Unnamed()) : "fine");
        probe.ExpectMsg<WriteMessagesSuccessful>();
        foreach (var number in Numbers(3, 5))
        {
            var rejected = probe.ExpectMsg<WriteMessageRejected>();
            Assert.Equal(number, rejected.Persistent.SequenceNr);
            Assert.Contains(nameof(Unnamed), rejected.Cause.Message, StringComparison.Ordinal);
        }

        var (events, highest) = Replay();
        Assert.Equal(2, events.Count);
        Assert.Equal(2, highest);
    }

    [Fact]
    public void A_batch_after_a_rejected_one_fails_because_it_would_leave_a_gap()
    {
        var cause = Failed(Write(1, 2, atomic: false, payload: number => number == 1 ? new RecordedEvent(Guid.Empty, new Unnamed()) : "fine"));
        Assert.IsType<JournalFencedException>(cause);
        Assert.Empty(Replayed());
    }

    [Theory]
    [InlineData(3, "a number that is taken")]
    [InlineData(2, "numbers of which some are taken")]
    [InlineData(5, "a number after a gap")]
    public void A_second_writer_is_refused(long from, string why)
    {
        Written(1, 3);
        var cause = Failed(Write(from, from + 1));
        Assert.True(cause is JournalFencedException, $"Writing {why} was not refused: {cause}");
        Assert.Contains("FENCED", cause.Message, StringComparison.Ordinal);
        Assert.Equal([1, 2, 3], Replayed());
    }

    [Fact]
    public async Task A_new_system_sees_everything_that_was_written()
    {
        Written(1, 7);
        using var other = ActorSystem.Create("after-restart", ConfigOf(Options));
        var (events, highest) = Replay(system: other);
        Assert.Equal(Numbers(1, 7), events.Select(e => e.SequenceNr));
        Assert.Equal(7, highest);
        await other.Terminate();
    }

    [Fact]
    public void An_event_of_a_job_comes_back_as_it_was()
    {
        var written = new RecordedEvent(Guid.NewGuid(), new Started(DateTimeOffset.UnixEpoch.AddDays(20_000)));
        Written(1, 1, payload: _ => written);
        Assert.Equal(written, Replay().Events.Single().Payload);
    }

    private sealed record Unnamed : IJobEvent
    {
        public DateTimeOffset At => default;
    }
}
