using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;
using Akka.TestKit.Xunit2;
using CloneHub.Jobs.Queue;
using CloneHub.Jobs.Tests.Nodes;
using Microsoft.Extensions.Logging.Abstractions;

namespace CloneHub.Jobs.Tests.Queue;

/// <summary>A worker and the queue, in whose place the test is.</summary>
public sealed class SlotOfferActorTests : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(1);

    public SlotOfferActorTests()
        : base(ConfigurationFactory.ParseString(WorkersActorTests.Quiet), "clonehub")
    {
    }

    [Fact]
    public void Slots_are_offered_again_and_again_once_the_worker_is_a_member()
    {
        NewOffers();
        ExpectNoMsg(Lease);

        Join();

        for (var n = 0; n < 3; n++) Assert.Equal(new OfferSlots("w1", 4), ExpectMsg<OfferSlots>(Patience));
    }

    [Fact]
    public void A_worker_that_ends_offers_nothing_and_then_is_gone()
    {
        var offers = NewOffers();
        Join();
        ExpectMsg<OfferSlots>(Patience);

        offers.Tell(new SlotOfferActor.EndOffers(AtOnce: false));
        FishForMessage(m => m is OfferSlots { Slots: 0 }, Patience);
        Assert.Equal(new OfferSlots("w1", 0), ExpectMsg<OfferSlots>(Patience));
        offers.Tell(new SlotOfferActor.EndOffers(AtOnce: true));

        FishForMessage(m => m is WithdrawSlots { Worker: "w1" }, Patience);
        ExpectNoMsg(Lease);
    }

    private void Join() => Cluster.Get(Sys).Join(Cluster.Get(Sys).SelfAddress);

    private IActorRef NewOffers() =>
        Sys.ActorOf(Props.Create(() => new SlotOfferActor(new OfferSlots("w1", 4), TestActor, Lease, NullLogger<SlotOfferActor>.Instance)));
}
