using System.Globalization;
using CloneHub.Contracts;

namespace CloneHub.Jobs.Tests;

/// <summary>What a worker tells of a restore stays small enough for a job's log.</summary>
public sealed class PlanFactsTests
{
    [Fact]
    public void Lists_that_are_too_long_are_cut_and_say_so()
    {
        var texts = Enumerable.Range(0, PlanFacts.MostTexts + 7).Select(i => i.ToString(CultureInfo.InvariantCulture)).ToList();
        var plan = new PlanFacts(
            [.. Enumerable.Range(0, PlanFacts.MostTables + 5).Select(i => new TablePlan($"wp_{i}", 1, 1))], new FilesPlan(0, 0, 0, 0), [], [],
            [.. Enumerable.Range(0, PlanFacts.MostDrift + 1).Select(i => new TableDrift($"wp_{i}", DriftKind.Other, 1, 2))], texts, texts);

        var bounded = plan.Bounded();

        Assert.Equal((PlanFacts.MostTables, PlanFacts.MostDrift, PlanFacts.MostTexts), (bounded.Tables.Count, bounded.Drift.Count, bounded.Obstacles.Count));
        Assert.Equal(
            ["5 more tables are not listed.", "1 more changes of the site are not listed.", "7 more obstacles are not listed.", "7 more warnings are not listed."],
            bounded.Warnings.Skip(PlanFacts.MostTexts));
    }

    [Fact]
    public void What_would_be_lost_is_named_before_what_stays()
    {
        var stays = Enumerable.Range(0, PlanFacts.MostDrift).Select(i => new TableDrift($"wp_{i}", DriftKind.Other, 1, 2, Stays: true));
        var plan = GivenRestore.Plan with { Drift = [.. stays, new TableDrift("wp_wc_orders", DriftKind.Orders, 1, 2)] };

        Assert.Equal("wp_wc_orders", plan.Bounded().Drift[0].Table);
    }

    [Fact]
    public void A_plan_of_a_usual_site_stays_as_it_is()
    {
        var plan = new PlanFacts([new TablePlan("wp_posts", 1, 2)], new FilesPlan(1, 0, 0, 9), [], ["siteurl"], [], [], ["One plugin is missing."]);

        Assert.Equivalent(plan, plan.Bounded(), strict: true);
    }
}
