namespace CloneHub.Jobs.Journal;

internal sealed partial class JobStore
{
    /// <summary>Redis runs a script as a whole and writes its effects to the append-only file as a whole.</summary>
    private static class Scripts
    {
        public const string Accept =
            """
            if tonumber(redis.call('GET', KEYS[1]) or '0') >= 1 then return 0 end
            if ARGV[6] then
                if redis.call('HEXISTS', KEYS[8], ARGV[6]) == 1 then return 2 end
                if ARGV[7] == '1' then redis.call('HSET', KEYS[8], ARGV[6], ARGV[1]) end
            end
            redis.call('ZADD', KEYS[2], 1, ARGV[2])
            redis.call('SET', KEYS[1], '1')
            redis.call('ZADD', KEYS[3], ARGV[3], ARGV[1])
            redis.call('ZADD', KEYS[4], ARGV[4], ARGV[1])
            redis.call('HSET', KEYS[5], ARGV[1], '0')
            redis.call('HSET', KEYS[6], ARGV[1], ARGV[5])
            if KEYS[7] then redis.call('ZADD', KEYS[7], ARGV[3], ARGV[1]) end
            return 1
            """;

        public const string Raise =
            """
            local now = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
            if now >= tonumber(ARGV[2]) then return now end
            redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
            return tonumber(ARGV[2])
            """;

        public const string RaiseKnown =
            """
            local now = redis.call('HGET', KEYS[1], ARGV[1]) or (redis.call('ZSCORE', KEYS[2], ARGV[1]) and '0')
            if now and tonumber(now) < tonumber(ARGV[2]) then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
            return 1
            """;

        public const string Exchange =
            """
            if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
            redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
            return 1
            """;

        public const string Take =
            """
            redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
            return redis.call('HGET', KEYS[1], ARGV[1])
            """;

        public const string Release =
            """
            if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('HDEL', KEYS[1], ARGV[1]) end
            return 1
            """;

        public const string Forget =
            """
            redis.call('ZREM', KEYS[1], ARGV[1])
            redis.call('ZREM', KEYS[2], ARGV[1])
            for i = 3, 5 do redis.call('HDEL', KEYS[i], ARGV[1]) end
            if KEYS[6] then redis.call('ZREM', KEYS[6], ARGV[1]) end
            return 1
            """;
    }
}
