using CloneHub.Jobs.Journal;
using StackExchange.Redis;

namespace CloneHub.Jobs.Tests.Journal;

public sealed class RedisTroubleTests
{
    public static TheoryData<Exception> Silences =>
    [
        new RedisException("cut"), new RedisCommandException("a replica"), new TimeoutException(), new TaskCanceledException(),
    ];

    [Theory, MemberData(nameof(Silences))]
    public void No_answer_of_any_kind_is_trouble_of_the_store(Exception silence) => Assert.True(RedisTrouble.Is(silence));

    [Fact]
    public void A_fault_of_ours_is_not() => Assert.False(RedisTrouble.Is(new InvalidOperationException()));
}
