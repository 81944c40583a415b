using CloneHub.Chaos.Worlds;
using CloneHub.Dev.Servers;
using StackExchange.Redis;

namespace CloneHub.Chaos;

/// <summary>Asks both logs, the ledger and the customers what has become of everything, once all is over.</summary>
internal sealed class Judge(ChaosOptions options, PrivateServers servers, IWorld world, Customers customers, Caller caller, Storm storm)
{
    private const string Secrets = "clonehub:jobs:secrets";
    private static readonly TimeSpan PatienceWithSecrets = TimeSpan.FromSeconds(10);

    public async Task<Verdict> JudgeAsync()
    {
        var history = await History.ReadAsync(servers.PostgreSqlConnectionString);
        var verdict = new Verdict(options) { Jobs = customers.Jobs.Count };
        verdict.Fact($"{customers.Jobs.Count} jobs acknowledged, {history.Values.Count(events => events.Named("ingress_ready.v1").Any())} served, {Checks.CountExpiries(history)} expired by themselves; {caller.Answers.Count} answers, {caller.Repeats} calls repeated; {history.Values.Sum(events => events.Count)} events");
        JudgeAnswers(verdict, history);
        JudgeHistory(verdict, history);
        await world.JudgeAsync(verdict, history);
        var journal = await Journal.ReadAsync(servers.RedisConnectionString);
        verdict.Fact($"{journal.Values.Sum(job => job.Events.Count)} events stand in the journal still, each compared with the event log's");
        verdict.Check(Rules.LogsAgree, Checks.LogsThatDiffer(history, journal));
        verdict.Check(Rules.NoSecretsKept, await SecretsOfAsync(history));
        return verdict;
    }

    private void JudgeAnswers(Verdict verdict, IReadOnlyDictionary<string, IReadOnlyList<StoredEvent>> history)
    {
        verdict.Check(Rules.ProgressNeverFalls, customers.Falls.Where(fall => !storm.WasRedisAway(fall.At)).Select(fall => fall.What));
        verdict.Check(Rules.AnswersAreInOrder, [.. customers.Wrongs, .. caller.Faults]);
        verdict.Check(Rules.EndsAreSeen, customers.Waits);
        verdict.Check(Rules.VersionsNeverFall, AnswerChecks.VersionsThatFell(caller.Answers, storm.WasRedisAway));
        verdict.Check(Rules.VersionsAreTheSame, AnswerChecks.VersionsThatDiffer(caller.Answers));
        verdict.Check(Rules.OrdersAreKept, AnswerChecks.OrdersNotKept(caller.Answers, history));
        verdict.Check(Rules.NoneGoneEarly, AnswerChecks.GoneEarly(caller.Answers, customers.Removed, world.Clock.Of));
    }

    private void JudgeHistory(Verdict verdict, IReadOnlyDictionary<string, IReadOnlyList<StoredEvent>> history)
    {
        verdict.Check(Rules.AllAreOver, Checks.NotOver(history, customers.Jobs));
        verdict.Check(Rules.OneJobForOneKey, history.Keys.Except(customers.Jobs).Select(job => $"{job} was made and never acknowledged"));
        verdict.Check(Rules.HistoriesAreWhole, Checks.NotWhole(history));
        verdict.Check(Rules.TimesGoOn, Checks.TimesThatGoBack(history));
        verdict.Check(Rules.NothingTwice, Checks.Twice(history));
        verdict.Check(Rules.FencesRise, Checks.FencesOutOfOrder(history));
        verdict.Check(Rules.NotMoreThanSlots, Checks.TooManyAtOnce(history, options.Slots * options.Nodes, storm.WasCalm, world.Clock));
        verdict.Check(Rules.NoneExpiresEarly, Checks.Early(history));
        verdict.Check(Rules.NoneExpiresLate, Checks.Late(history, storm.WasCalm, world.Clock));
    }

    /// <summary>A job deletes them without waiting, and again if that failed.</summary>
    private async Task<IReadOnlyList<string>> SecretsOfAsync(IReadOnlyDictionary<string, IReadOnlyList<StoredEvent>> history)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(servers.RedisConnectionString);
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var kept = (await connection.GetDatabase().HashKeysAsync(Secrets)).Select(job => job.ToString()).Where(job => history.TryGetValue(job, out var events) && History.IsOver(events)).ToList();
            if (kept.Count == 0 || TimeProvider.System.GetElapsedTime(started) > PatienceWithSecrets) return kept;
            await Task.Delay(Caller.Pause, TimeProvider.System);
        }
    }
}
