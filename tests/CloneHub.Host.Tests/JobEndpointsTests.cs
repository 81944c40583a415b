using System.Globalization;

namespace CloneHub.Host.Tests;

[Trait("Needs", "servers")]
public sealed class JobEndpointsTests(HostFixture fixture) : IClassFixture<HostFixture>
{
    private RunningHost Host => fixture.Host;

    [Fact]
    public async Task An_accepted_request_says_where_to_ask()
    {
        var before = await Host.AcceptedJobsAsync();

        var accepted = await Host.PostAsync(Requests.Valid());

        Assert.Equal(202, accepted.Status);
        Assert.Equal($"/api/v2/job-status/{accepted["job_id"]}", accepted["status_url"]);
        Assert.Equal(accepted["status_url"], accepted.Headers.Location?.ToString());
        Assert.Equal(("clone", "pending", "0", "acme"), (accepted["type"], accepted["status"], accepted["progress"], accepted["customer_id"]));
        Assert.False(string.IsNullOrWhiteSpace(accepted["message"]));
        Assert.Equal(before + 1, await Host.AcceptedJobsAsync());
    }

    [Fact]
    public async Task Times_are_written_in_UTC_with_a_Z()
    {
        var accepted = await Host.PostAsync(Requests.Valid());

        Assert.True(DateTime.TryParseExact(accepted["created_at"], "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture, DateTimeStyles.None, out _), accepted["created_at"]);
    }

    [Fact]
    public async Task What_is_absent_is_left_out_instead_of_null()
    {
        var accepted = await Host.PostAsync(Requests.Valid());

        Assert.DoesNotContain("null", accepted.Text, StringComparison.Ordinal);
        Assert.False(accepted.Json.TryGetProperty("result", out _));
        Assert.False(accepted.Json.TryGetProperty("error", out _));
    }

    [Fact]
    public async Task An_accepted_job_can_be_read_at_once()
    {
        var accepted = await Host.PostAsync(Requests.Valid());

        var status = await Host.GetAsync(accepted["status_url"]);

        Assert.Equal(200, status.Status);
        Assert.Equal(accepted["job_id"], status["job_id"]);
        Assert.True(status.Headers.CacheControl?.NoStore);
    }

    [Fact]
    public async Task A_state_the_caller_knows_is_not_sent_again()
    {
        var job = await SettledAsync();

        var again = await Host.GetAsync(job["status_url"], headers => headers.IfNoneMatch.Add(job.Headers.ETag!));

        Assert.Equal(304, again.Status);
        Assert.Equal(job.Headers.ETag, again.Headers.ETag);
        Assert.Empty(again.Text);
    }

    [Fact]
    public async Task A_state_the_caller_does_not_know_is_sent()
    {
        var job = await SettledAsync();

        var other = await Host.GetAsync(job["status_url"], headers => headers.TryAddWithoutValidation("If-None-Match", "W/\"0-000000000000\", \"x\""));

        Assert.Equal(200, other.Status);
        Assert.True(other.Headers.ETag!.IsWeak);
    }

    [Fact]
    public async Task The_earlier_address_leads_to_the_status()
    {
        var accepted = await Host.PostAsync(Requests.Valid());

        var moved = await Host.GetAsync($"/api/v2/jobs/{accepted["job_id"]}");

        Assert.Equal(308, moved.Status);
        Assert.Equal(accepted["status_url"], moved.Headers.Location?.ToString());
    }

    [Fact]
    public async Task A_job_can_be_removed_and_removed_again()
    {
        var accepted = await Host.PostAsync(Requests.Valid());
        var path = $"/api/v2/jobs/{accepted["job_id"]}";

        var first = await Host.SendAsync(HttpMethod.Delete, path);
        var second = await Host.SendAsync(HttpMethod.Delete, path);

        Assert.Equal((202, 202), (first.Status, second.Status));
        Assert.Equal(accepted["job_id"], second["job_id"]);
        Assert.Equal(accepted["status_url"], first.Headers.Location?.ToString());
    }

    [Fact]
    public async Task A_removed_job_is_still_known_and_ends_cancelled()
    {
        var job = await SettledAsync();

        Assert.Equal("cancelled", job["status"]);
        Assert.False(job.Json.TryGetProperty("result", out _));
    }

    [Fact]
    public async Task The_same_request_under_the_same_key_is_the_same_job()
    {
        var first = await Keyed("order-1", Requests.Valid());
        var before = await Host.AcceptedJobsAsync();

        var second = await Keyed("order-1", Requests.Valid());

        Assert.Equal((202, 202), (first.Status, second.Status));
        Assert.Equal(first["job_id"], second["job_id"]);
        Assert.Equal(before, await Host.AcceptedJobsAsync());
    }

    [Fact]
    public async Task Another_request_under_the_same_key_is_a_conflict()
    {
        await Keyed("order 2 ~!", Requests.Valid(ttl: 30));
        var before = await Host.AcceptedJobsAsync();

        (await Keyed("order 2 ~!", Requests.Valid(ttl: 31))).IsProblem(409, "IDEMPOTENCY_CONFLICT");

        Assert.Equal(before, await Host.AcceptedJobsAsync());
    }

    [Fact]
    public async Task The_same_request_under_another_key_or_none_is_another_job()
    {
        var ids = new[]
        {
            (await Keyed("order-3", Requests.Valid()))["job_id"], (await Keyed("order-4", Requests.Valid()))["job_id"],
            (await Host.PostAsync(Requests.Valid()))["job_id"], (await Host.PostAsync(Requests.Valid()))["job_id"],
        };

        Assert.Equal(4, ids.Distinct().Count());
    }

    [Fact]
    public async Task Requests_that_race_under_one_key_become_one_job()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Keyed("order-5", Requests.Valid())));

        Assert.All(answers, answer => Assert.Equal(202, answer.Status));
        Assert.Single(answers.Select(answer => answer["job_id"]).Distinct());
    }

    [Fact]
    public async Task Fields_for_later_may_be_sent_empty() => Assert.Equal(202, (await Host.PostAsync(
        $$"""{"source_url":"{{Requests.PublicSource}}","source_username":"a","source_password":"b","replace":false,"callback_url":null}""")).Status);

    [Fact]
    public async Task What_is_answered_to_a_change_carries_the_version_to_ask_from()
    {
        var accepted = await Host.PostAsync(Requests.Valid());
        var removed = await Host.SendAsync(HttpMethod.Delete, $"/api/v2/jobs/{accepted["job_id"]}");

        Assert.StartsWith("\"1-", accepted.Headers.ETag!.Tag, StringComparison.Ordinal);
        Assert.NotEqual(accepted.Headers.ETag, removed.Headers.ETag);
        var status = await Host.GetAsync(accepted["status_url"], headers => headers.IfNoneMatch.Add(removed.Headers.ETag!));
        Assert.True(status.Status is 200 or 304, status.Text);
        Assert.DoesNotContain("pending", status.Text, StringComparison.Ordinal);
        await CloneHub.Testing.Eventually.Until("the job is over", async () => !await Host.IsLiveAsync(accepted["job_id"]), TimeSpan.FromSeconds(30));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(1440)]
    public async Task The_bounds_of_the_time_to_live_are_inside(int minutes) => Assert.Equal(202, (await Host.PostAsync(Requests.Valid(ttl: minutes))).Status);

    [Fact]
    public async Task A_source_whose_name_cannot_be_resolved_yet_is_accepted() =>
        Assert.Equal(202, (await Host.PostAsync(Requests.Valid("https://does-not-exist.invalid/"))).Status);

    /// <summary>A job that is over and changes no more.</summary>
    private async Task<Answer> SettledAsync()
    {
        var accepted = await Host.PostAsync(Requests.Valid());
        await Host.SendAsync(HttpMethod.Delete, $"/api/v2/jobs/{accepted["job_id"]}");
        return await CloneHub.Testing.Eventually.Get("the job is over", async () =>
        {
            var status = await Host.GetAsync(accepted["status_url"]);
            return status["status"] == "cancelled" ? status : null;
        }, TimeSpan.FromSeconds(30));
    }

    private Task<Answer> Keyed(string key, object body) => Host.PostAsync(body, headers => headers.Add("Idempotency-Key", key));
}
