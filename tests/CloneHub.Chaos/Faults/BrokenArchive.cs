using System.Collections;
using CloneHub.Jobs;
using CloneHub.Jobs.Archive;
using JasperFx.Events;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Npgsql;
using IEventStoreOperations = Marten.Events.IEventStoreOperations;

namespace CloneHub.Chaos.Faults;

/// <summary>Faults of the event log and of what is read from it.</summary>
internal static class BrokenArchive
{
    public static IReadOnlyList<Fault> All { get; } =
    [
        new("SkipsAnEvent", "One event of a job never comes to the event log.", [Rules.LogsAgree, Rules.HistoriesAreWhole], Writing((session, name, events) => name is nameof(IEventStoreOperations.Append) ? events.Where(e => e.Data is not IngressReady) : events)),
        new("ArchivesTwice", "An event that was sent again is written again.", [Rules.NothingTwice], Writing((session, name, events) => events.SelectMany(e => e.Data is Removed ? [e, session.BuildEvent(e.Data)] : new[] { e }))),
        new("TellsArchivedTooSoon", "A job is told that its end is in the event log, and it is not.", [Rules.LogsAgree], Writing((session, name, events) => events.Where(e => e.Data is not Removed))),
        new("SpoilsAView", "The status that lists go by is not what the events say.", [Rules.ViewsAgree], services => services.AddHostedService<Vandal>()),
    ];

    private delegate IEnumerable<IEvent> Rewrite(IEventStoreOperations session, string name, IEnumerable<IEvent> events);

    private static Action<IServiceCollection> Writing(Rewrite rewrite) => services => services.Replace(ServiceDescriptor.Singleton(provider =>
        new EventLog(Store(provider.GetRequiredService<IDocumentStore>(), rewrite), provider.GetRequiredService<NpgsqlDataSource>())));

    private static IDocumentStore Store(IDocumentStore real, Rewrite rewrite) => Between.Put(
        real, call => call.Name is nameof(IDocumentStore.LightweightSession) ? Session((IDocumentSession)call.Go()!, rewrite) : call.Go());

    private static IDocumentSession Session(IDocumentSession real, Rewrite rewrite) => Between.Put(
        real, call => call.Name is "get_Events" ? Between.Put((IEventStoreOperations)call.Go()!, inner => Write(inner, real.Events, rewrite)) : call.Go());

    /// <summary>What is left is appended without a look at the version that was expected.</summary>
    private static object? Write(Call call, IEventStoreOperations session, Rewrite rewrite)
    {
        if (call.Arguments is not [string stream, .., IEnumerable and not string] || call.Name is not (nameof(session.Append) or nameof(session.StartStream))) return call.Go();
        var events = ((IEnumerable)call.Arguments[^1]!).Cast<IEvent>().ToList();
        var rewritten = rewrite(session, call.Name, events).ToList<object>();
        if (rewritten.Count == events.Count) return call.Go();
        return rewritten.Count > 0 ? session.Append(stream, rewritten) : null;
    }

    /// <summary>Changes the status of jobs that are over, once: nothing will put it right, but for building it anew.</summary>
    private sealed class Vandal(NpgsqlDataSource database) : BackgroundService
    {
        private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            using var timer = new PeriodicTimer(Interval, TimeProvider.System);
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await using var command = database.CreateCommand(
                    "update clonehub.mt_doc_job_status set data = jsonb_set(data, '{status}', '\"pending\"') where data #>> '{job,stage}' = 'Removed'");
                if (await command.ExecuteNonQueryAsync(stoppingToken) > 0) return;
            }
        }
    }
}
