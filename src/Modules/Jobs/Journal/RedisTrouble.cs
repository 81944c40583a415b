using StackExchange.Redis;

namespace CloneHub.Jobs.Journal;

/// <summary>How the client of Redis says that it got no answer.</summary>
internal static class RedisTrouble
{
    /// <summary>When a connection is cut the client cancels some of what was on its way, and fails the rest; nobody else cancels its commands.</summary>
    public static bool Is(Exception e) => e is RedisException or RedisCommandException or TimeoutException or TaskCanceledException;
}
