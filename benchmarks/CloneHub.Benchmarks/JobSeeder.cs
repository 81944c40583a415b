using System.Globalization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using CloneHub.Contracts;
using CloneHub.Jobs;
using CloneHub.Jobs.Archive;
using CloneHub.Jobs.Journal;
using CloneHub.Jobs.Vault;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using StackExchange.Redis;
using JobStage = CloneHub.Jobs.Stage;

namespace CloneHub.Benchmarks;

/// <summary>
/// Writes jobs into both stores as a Host leaves them, by the Host's own code and many at a time: to have a hundred thousand clones built takes hours,
/// and how they came about is not what is measured. Each job's events are what its lifecycle decides.
/// </summary>
internal sealed class JobSeeder : IAsyncDisposable
{
    private const int Batch = 200;
    private const int Tenants = 10;
    private static readonly TimeSpan Ttl = TimeSpan.FromHours(12);
    private static readonly Uri Source = new("http://127.0.0.1:9/");
    private readonly RedisOptions _options = new();
    private readonly RedisKeys _keys;
    private readonly IConnectionMultiplexer _redis;
    private readonly JobStore _store;
    private readonly SecretSealer _sealer;
    private readonly ActorSystem _system;
    private readonly RedisJournalFormat _format;
    private readonly ServiceProvider _services;
    private int _number;

    private JobSeeder(IConnectionMultiplexer redis, string postgreSql, string masterKeyFile)
    {
        (_redis, _keys, _store) = (redis, new RedisKeys(_options.KeyPrefix), new JobStore(redis, _options));
        _sealer = new SecretSealer(MasterKeys.LoadOrCreate(masterKeyFile));
        _system = ActorSystem.Create("seed", ConfigurationFactory.ParseString(
            $$"""
            akka.loglevel = ERROR
            akka.actor.serializers.clonehub-events = "{{typeof(EventSerializer).AssemblyQualifiedName}}"
            akka.actor.serialization-bindings { "{{typeof(RecordedEvent).AssemblyQualifiedName}}" = clonehub-events }
            """));
        _format = new RedisJournalFormat(_system, TimeProvider.System);
        _services = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddEventLog(postgreSql, ownSchema: false).BuildServiceProvider();
    }

    public static async Task<JobSeeder> OpenAsync(string redis, string postgreSql, string masterKeyFile) =>
        new(await RedisConnection.ConnectAsync(redis), postgreSql, masterKeyFile);

    /// <param name="stage">How far they are: one that waits, builds or serves.</param>
    public Task AddAsync(JobStage stage, int jobs, CancellationToken ct) => Parallel.ForEachAsync(
        Enumerable.Range(0, (jobs + Batch - 1) / Batch).Select(batch => Math.Min(Batch, jobs - (batch * Batch))),
        new ParallelOptions { MaxDegreeOfParallelism = 3, CancellationToken = ct },
        async (count, token) => await WriteAsync([.. Enumerable.Range(0, count).Select(_ => NewJob(stage))], token));

    public async ValueTask DisposeAsync()
    {
        await _system.Terminate();
        await _services.DisposeAsync();
        await _redis.DisposeAsync();
    }

    /// <summary>Accepted one after the other in the last minutes, so that none is over before it is measured.</summary>
    private SeededJob NewJob(JobStage stage)
    {
        var number = Interlocked.Increment(ref _number);
        var now = TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(50) + TimeSpan.FromMilliseconds(20 * number);
        var (id, job, events) = (IdempotentJobId.New(), CloneJob.None, new List<RecordedEvent>());
        var tenant = string.Create(CultureInfo.InvariantCulture, $"tenant-{number % Tenants}");
        Do(new RequestClone(Source, tenant, $"site-{number % 50}", Ttl, new string('f', 44)));
        if (stage > JobStage.Requested) Do(new Begin());
        while (stage > JobStage.Requested && job.Stage < stage)
        {
            Do(new StartStep("seed"));
            if (job.Running(id) is { } step) Do(new ReportStep(step, null, Facts(id), 0.5));
        }

        if (job.IsBuilding && job.NextStep is not null) Do(new StartStep("seed"));
        return new SeededJob(id, job, events);

        void Do(IJobCommand command)
        {
            // PostgreSQL keeps microseconds of a moment.
            now += TimeSpan.FromMilliseconds(1);
            foreach (var e in job.Decide(command, now))
            {
                job = job.Apply(e);
                events.Add(new RecordedEvent(Guid.CreateVersion7(now), e));
            }
        }
    }

    private async Task WriteAsync(IReadOnlyList<SeededJob> jobs, CancellationToken ct)
    {
        await Task.WhenAll(jobs.Select(WriteJournalAsync));
        var log = _services.GetRequiredService<EventLog>();
        var written = await log.AppendAsync([.. jobs.Select(job => new ArchiveEntry(job.Id, 1, job.Events, LookFirst: false))], ct);
        if (written.FirstOrDefault(result => result.Outcome is not ArchiveOutcome.Stored) is { } refused)
            throw new InvalidOperationException($"{refused.Entry.Job} could not be written.", refused.Error);
        await Task.WhenAll(jobs.Select(job => _store.SetArchivedAsync(job.Id, job.Events.Count)));
    }

    private async Task WriteJournalAsync(SeededJob seeded)
    {
        var (database, id) = (_redis.GetDatabase(_options.Database), PersistenceId.Of(seeded.Id));
        var request = seeded.Job.Request!;
        var secrets = JobSecretsFactory.New("admin", new Secret("correct horse battery staple"));
        if (seeded.Job.Stage is JobStage.Serving) secrets = secrets with { SourceUsername = "", SourcePassword = new Secret("") };
        var intake = new Intake(
            seeded.Id, _format.FirstEvent(seeded.Id, seeded.Events[0]), _sealer.Seal(seeded.Id, secrets), request.At, seeded.Job.Deadline!.Value, JobLabel.Of(request));
        await _store.AcceptAsync(intake);
        if (seeded.Events.Count == 1) return;
        var rest = seeded.Events.Skip(1).Index().Select(pair => new SortedSetEntry(Bytes(id, pair.Index + 2, pair.Item), pair.Index + 2)).ToArray();
        await Task.WhenAll(
            database.SortedSetAddAsync(_keys.Events(id), rest),
            database.StringSetAsync(_keys.Highest(id), seeded.Events.Count));
    }

    private byte[] Bytes(string id, int number, RecordedEvent e) =>
        _format.ToBytes(new Persistent(e, number, id, manifest: "", isDeleted: false, ActorRefs.NoSender, "seed"));

    private static StepFacts Facts(JobId job) => new()
    {
        Content = new ContentFacts(12, 345, 678, 9_000_000),
        PluginVersion = "1.0.0",
        Username = "administrator",
        CloneUrl = new Uri($"http://{job.Value}.localhost/"),
    };

    private sealed record SeededJob(JobId Id, CloneJob Job, IReadOnlyList<RecordedEvent> Events);
}
