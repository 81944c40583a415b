using System.Text.Json;
using CloneHub.Contracts;

namespace CloneHub.Chaos.Tests;

/// <summary>Each check finds what it is there to find, and nothing in a job as it should be.</summary>
public sealed class ChecksTests
{
    private const string Job = "job-aaaaaaaaaaaaaaaaaaaaaaaaaa";
    private static readonly DateTimeOffset Ready = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly FastClock Clock = new(Ready, speed: 20);
    private static readonly string[] Good =
    [
        "clone_requested.v1", "started.v1", "step_started.v1", "database_ready.v1", "step_started.v1", "pod_ready.v1", "step_started.v1", "content_imported.v1",
        "step_started.v1", "plugin_activated.v1", "step_started.v1", "ingress_ready.v1", "expired.v1", "step_started.v1", "removed.v1",
    ];

    [Fact]
    public void A_job_as_it_should_be_is_found_nothing_in()
    {
        var history = History(Good);
        var entries = Entries(history);

        Assert.Empty(Checks.NotOver(history, [Job]));
        Assert.Empty(Checks.NotWhole(history));
        Assert.Empty(Checks.Twice(history));
        Assert.Empty(Checks.FencesOutOfOrder(history));
        Assert.Empty(Checks.EffectsWithoutOrder(history, entries));
        Assert.Empty(Checks.DoneWithoutEffect(history, entries));
        Assert.Empty(Checks.EffectsTwice(entries));
        Assert.Empty(Checks.Early(history));
        Assert.Empty(Checks.Late(history, Calm, Clock));
        Assert.Empty(Checks.TimesThatGoBack(history));
        Assert.Empty(Checks.TooManyAtOnce(history, slots: 1, Calm, Clock));
        Assert.Empty(Checks.LogsThatDiffer(history, JournalOf(history[Job])));
    }

    [Fact]
    public void A_lost_job_is_found() => Assert.Single(Checks.NotOver(History(Good), ["job-bbbbbbbbbbbbbbbbbbbbbbbbbb"]));

    [Fact]
    public void A_job_that_never_ends_is_found() => Assert.Single(Checks.NotOver(History(Good[..^1]), [Job]));

    [Fact]
    public void A_hole_in_a_history_is_found()
    {
        var events = History(Good)[Job];

        Assert.Single(Checks.NotWhole(Of([.. events.Take(3), .. events.Skip(4)])));
    }

    [Fact]
    public void An_event_that_came_twice_is_found() => Assert.Single(Checks.Twice(History([.. Good, "removed.v1"])));

    [Fact]
    public void A_fence_that_does_not_rise_is_found()
    {
        var events = History(Good)[Job];

        Assert.Single(Checks.FencesOutOfOrder(Of([.. events, events[2]])));
    }

    [Fact]
    public void An_effect_that_nobody_ordered_is_found()
    {
        var history = History(Good);

        Assert.Single(Checks.EffectsWithoutOrder(history, [.. Entries(history), new LedgerEntry(Job, CloneStep.StartPod, 1, 99, Deed.Made)]));
    }

    [Fact]
    public void A_step_that_left_no_effect_is_found()
    {
        var history = History(Good);

        Assert.Single(Checks.DoneWithoutEffect(history, Entries(history).Where(entry => entry.Step is not CloneStep.StartPod)));
    }

    [Fact]
    public void A_clone_that_expired_early_is_found() => Assert.Single(Checks.Early(History(Good, expiredAfter: TimeSpan.FromMinutes(4))));

    [Fact]
    public void A_clone_that_expired_late_is_found_unless_something_was_away()
    {
        var history = History(Good, expiredAfter: TimeSpan.FromMinutes(7));

        Assert.Single(Checks.Late(history, Calm, Clock));
        Assert.Empty(Checks.Late(history, (_, _) => false, Clock));
    }

    [Fact]
    public void A_clone_that_was_extended_and_expired_at_its_first_end_is_found()
    {
        var extended = new StoredEvent(0, "extended.v1", JsonSerializer.SerializeToElement(new { at = Ready, expiresAt = Ready.AddMinutes(9) }));
        var events = History(Good)[Job];

        Assert.Single(Checks.Early(Of([.. events.TakeWhile(e => e.Name != "expired.v1"), extended, .. events.SkipWhile(e => e.Name != "expired.v1")])));
    }

    [Fact]
    public void Time_that_goes_back_is_found() => Assert.Single(Checks.TimesThatGoBack(History(Good, expiredAfter: TimeSpan.FromMinutes(-1))));

    [Fact]
    public void An_effect_that_came_twice_is_found()
    {
        var entries = Entries(History(Good));

        Assert.Single(Checks.EffectsTwice([.. entries, entries[0]]));
    }

    [Fact]
    public void More_jobs_than_slots_are_found_unless_a_node_was_just_lost()
    {
        var history = new Dictionary<string, IReadOnlyList<StoredEvent>> { [Job] = History(Good[..2])[Job], ["job-b"] = History(Good[..2])[Job] };

        Assert.Single(Checks.TooManyAtOnce(history, slots: 1, Calm, Clock));
        Assert.Empty(Checks.TooManyAtOnce(history, slots: 1, (_, _) => false, Clock));
        Assert.Empty(Checks.TooManyAtOnce(history, slots: 2, Calm, Clock));
    }

    [Fact]
    public void A_journal_that_has_more_is_found() => Assert.Single(Checks.LogsThatDiffer(History(Good), JournalOf([], highest: Good.Length + 1)));

    [Fact]
    public void An_event_that_the_journal_lacks_is_found_unless_it_has_forgotten_all()
    {
        var history = History(Good);
        var events = history[Job];

        Assert.Single(Checks.LogsThatDiffer(history, JournalOf([.. events.Take(2), .. events.Skip(3)], highest: events.Count)));
        Assert.Empty(Checks.LogsThatDiffer(history, JournalOf([], highest: events.Count)));
    }

    [Fact]
    public void An_event_that_is_another_one_in_the_journal_is_found_by_id_and_by_content()
    {
        var history = History(Good);
        var events = history[Job];

        Assert.Single(Checks.LogsThatDiffer(history, JournalOf([events[0] with { Id = Guid.NewGuid() }, .. events.Skip(1)])));
        Assert.Single(Checks.LogsThatDiffer(history, JournalOf([.. events.SkipLast(1), events[^1] with { Body = JsonSerializer.SerializeToElement(new { at = Ready.AddDays(1) }) }])));
    }

    [Theory]
    [InlineData("running", 50, "pending", 50)]
    [InlineData("completed", 100, "running", 100)]
    [InlineData("failed", 40, "completed", 100)]
    public void A_status_that_goes_back_is_found(string first, int firstProgress, string second, int secondProgress)
    {
        var watch = new JobWatch(Job);
        Assert.Empty(watch.See(Status(first, firstProgress)));

        Assert.NotEmpty(watch.See(Status(second, secondProgress)));
    }

    [Fact]
    public void Progress_that_falls_is_found()
    {
        var watch = new JobWatch(Job);
        Assert.Empty(watch.See(Status("running", 50)));
        Assert.Null(watch.Fall);

        Assert.Empty(watch.See(Status("running", 40)));
        Assert.NotNull(watch.Fall);
    }

    private static JsonElement Status(string status, int progress) => JsonSerializer.SerializeToElement(new { status, progress });

    private static Dictionary<string, IReadOnlyList<StoredEvent>> Of(IReadOnlyList<StoredEvent> events) => new() { [Job] = events };

    private static Dictionary<string, JournalOfJob> JournalOf(IReadOnlyList<StoredEvent> events, int? highest = null) => new() { [Job] = new JournalOfJob(highest ?? events.Count, events) };

    private static bool Calm(DateTimeOffset from, DateTimeOffset to) => true;

    /// <param name="expiredAfter">Counted from the moment of all the events before; those after it are of the same moment as it.</param>
    private static Dictionary<string, IReadOnlyList<StoredEvent>> History(IReadOnlyList<string> names, TimeSpan? expiredAfter = null)
    {
        var (fence, now) = (0, Ready);
        return Of([.. names.Select((name, i) => new StoredEvent(i + 1, name, Body(name)))]);

        JsonElement Body(string name) => name switch
        {
            "step_started.v1" => JsonSerializer.SerializeToElement(new { at = now, step = Enum.GetName((CloneStep)fence), attempt = 1, fence = ++fence }),
            "ingress_ready.v1" => JsonSerializer.SerializeToElement(new { at = now, expiresAt = now.AddMinutes(5) }),
            "expired.v1" => JsonSerializer.SerializeToElement(new { at = now = Ready + (expiredAfter ?? TimeSpan.FromMinutes(5)) }),
            _ => JsonSerializer.SerializeToElement(new { at = now }),
        };
    }

    private static List<LedgerEntry> Entries(Dictionary<string, IReadOnlyList<StoredEvent>> history) =>
        [.. history[Job].Named("step_started.v1").Select((e, i) => new LedgerEntry(Job, (CloneStep)i, 1, i + 1, (CloneStep)i is CloneStep.Remove ? Deed.Removed : Deed.Made))];
}
