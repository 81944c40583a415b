using Akka.Actor;
using Akka.Hosting;
using Akka.TestKit.Xunit2;
using CloneHub.Contracts;
using CloneHub.Jobs.GetJobStatus;
using CloneHub.Jobs.Queue;
using Microsoft.Extensions.DependencyInjection;

namespace CloneHub.Jobs.Tests.Queue;

/// <summary>What sizes something by the queue never gets a number that is too small.</summary>
public sealed class QueueGaugeTests : TestKit
{
    [Fact]
    public async Task A_queue_that_is_silent_is_not_read() => await Assert.ThrowsAsync<QueueUnreadableException>(() => ReadAsync(CreateTestProbe()));

    [Fact]
    public async Task A_queue_that_does_not_know_every_job_yet_is_not_read() =>
        await Assert.ThrowsAsync<QueueUnreadableException>(() => ReadAsync(Answers(QueueState.Unknown)));

    [Fact]
    public async Task Of_those_that_wait_the_ones_below_a_ceiling_do_not_count()
    {
        var state = QueueState.Unknown with { IsComplete = true, Waiting = 7, Capped = 3, Building = 2, Slots = 4, Clones = 5, ClonesLimit = 9 };
        Assert.Equal(new QueueReading(4, 2, 4, 5, 9), await ReadAsync(Answers(state)));
    }

    private IActorRef Answers(QueueState state) => Sys.ActorOf(Props.Create(() => new Answering(state)));

    private static async Task<QueueReading> ReadAsync(IActorRef queue)
    {
        await using var services = new ServiceCollection().AddSingleton<IRequiredActor<SlotQueue>>(new Known(queue)).BuildServiceProvider();
        return await new QueueGauge(services).ReadAsync(default);
    }

    private sealed class Answering : ReceiveActor
    {
        public Answering(QueueState state) => Receive<GetQueueState>(_ => Sender.Tell(state));
    }

    private sealed class Known(IActorRef queue) : IRequiredActor<SlotQueue>
    {
        public IActorRef ActorRef => queue;

        public Task<IActorRef> GetAsync(CancellationToken cancellationToken = default) => Task.FromResult(queue);
    }
}
