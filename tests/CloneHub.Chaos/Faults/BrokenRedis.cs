using CloneHub.Chaos.Worlds;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace CloneHub.Chaos.Faults;

/// <summary>Faults of what is kept in Redis: the journal and what stands beside it.</summary>
internal static class BrokenRedis
{
    private const string Live = "clonehub:jobs:live";
    private const string Deadlines = "clonehub:jobs:deadlines";
    private const string Secrets = "clonehub:jobs:secrets";
    private const string Nowhere = "clonehub:nowhere";
    private const string Journal = "clonehub:journal:persisted:";
    private static readonly TimeSpan LongAfter = TimeSpan.FromSeconds(4);

    public static IReadOnlyList<Fault> All { get; } =
    [
        new("AnswersBeforeItIsWritten", "A request is acknowledged before it is durable.", [Rules.AnswersAreInOrder, Rules.AllAreOver], In(WriteLater), NeedsKill: true),
        new("ForgetsTheLiveIndex", "An accepted job is in the journal and in no index of live jobs.", [Rules.AllAreOver], In(call => Accepts(call) ? Elsewhere(call, Live) : call.Go()), NeedsKill: true, Customers: new Habits { Leaving = 0.7 }),
        new("LosesAnEvent", "The journal raises a job's number and loses the event.", [Rules.LogsAgree, Rules.HistoriesAreWhole], In(LoseEvent), NeedsKill: true),
        new("LosesDeadlines", "The end of a clone's time is never written down.", [Rules.AllAreOver, Rules.NoneExpiresLate], In(call => Sets(call, Deadlines) ? Task.FromResult(true) : call.Go())),
        new("KeepsSecrets", "Secrets of jobs that are over stay in Redis.", [Rules.NoSecretsKept], In(call => call is { Name: nameof(IDatabase.HashDeleteAsync), Arguments: [RedisKey key, ..] } && key == Secrets ? Task.FromResult(true) : call.Go())),
    ];

    private static Action<IServiceCollection> In(Func<Call, object?> answer) => services =>
        services.Decorate<IConnectionMultiplexer>((real, _) => Between.Put(
            real, call => call.Name is nameof(IConnectionMultiplexer.GetDatabase) ? Between.Put((IDatabase)call.Go()!, answer) : call.Go()));

    private static bool Sets(Call call, string what) => call is { Name: nameof(IDatabase.SortedSetAddAsync), Arguments: [RedisKey key, ..] } && key == what;

    /// <summary>The one script that makes a job exist names the index of live jobs.</summary>
    private static bool Accepts(Call call) => Keys(call) is { Length: >= 6 } keys && keys.Contains(Live) && keys.Contains(Secrets) && keys[0].ToString().StartsWith(Journal, StringComparison.Ordinal);

    private static RedisKey[] Keys(Call call) => call is { Name: nameof(IDatabase.ScriptEvaluateAsync), Arguments: [string, RedisKey[] keys, ..] } ? keys : [];

    private static object? Elsewhere(Call call, string key)
    {
        var keys = Keys(call);
        keys[Array.IndexOf(keys, key)] = Nowhere;
        return call.Go();
    }

    private static object? WriteLater(Call call)
    {
        if (!Accepts(call)) return call.Go();
        _ = LaterAsync();
        return Task.FromResult(RedisResult.Create(1));

        async Task LaterAsync()
        {
            await Task.Delay(LongAfter, TimeProvider.System);
            call.Go();
        }
    }

    /// <summary>The append of one event: its number goes on, and its bytes are written as those of another number of nobody.</summary>
    private static object? LoseEvent(Call call)
    {
        if (Keys(call) is [var highest, var events] && highest.ToString().StartsWith(Journal, StringComparison.Ordinal) && events.ToString().StartsWith(Journal, StringComparison.Ordinal)
            && call.Arguments[2] is RedisValue[] values && (int)values[1] == 4)
            Keys(call)[1] = Nowhere;
        return call.Go();
    }
}
