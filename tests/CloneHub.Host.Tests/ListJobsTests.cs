namespace CloneHub.Host.Tests;

[Trait("Needs", "servers")]
public sealed class ListJobsTests(TwoTenants tenants) : IClassFixture<TwoTenants>
{
    private RunningHost Host => tenants.Host;

    [Fact]
    public async Task An_accepted_job_is_in_the_list_at_once_and_in_no_other_tenants()
    {
        var accepted = await Host.PostAsync(Requests.Valid(), tenants.Red);

        var page = await Host.GetAsync("/api/v2/jobs", tenants.Red);

        Assert.Equal(200, page.Status);
        Assert.True(page.Headers.CacheControl?.NoStore);
        var first = page.Json.GetProperty("jobs")[0];
        Assert.Equal(accepted["job_id"], first.GetProperty("job_id").GetString());
        Assert.Equal(accepted["status_url"], first.GetProperty("status_url").GetString());
        Assert.DoesNotContain(accepted["job_id"], (await Host.GetAsync("/api/v2/jobs", tenants.Blue)).Text, StringComparison.Ordinal);
        (await Host.GetAsync("/api/v2/jobs")).IsProblem(401, "API_KEY_REQUIRED");
    }

    [Fact]
    public async Task Pages_lead_through_all_jobs_of_a_label()
    {
        var label = CloneHub.Testing.ServersFixture.Unique("label").Replace('_', '-');
        var accepted = new List<string>();
        for (var n = 0; n < 5; n++)
            accepted.Add((await Host.PostAsync(new { source_url = Requests.PublicSource, customer_id = label }, tenants.Red))["job_id"]);

        var found = new List<string>();
        var path = $"/api/v2/jobs?customer_id={label}&type=clone&limit=2";
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await Host.GetAsync(path + (cursor.Length > 0 ? $"&cursor={cursor}" : ""), tenants.Red);
            found.AddRange(page.Json.GetProperty("jobs").EnumerateArray().Select(job => job.GetProperty("job_id").GetString()!));
            cursor = page.Json.TryGetProperty("next_cursor", out var next) ? next.GetString() : null;
            Assert.True(found.Count <= 5, "A job came twice.");
        }

        Assert.Equal(accepted.AsEnumerable().Reverse(), found);
        Assert.Empty((await Host.GetAsync($"/api/v2/jobs?customer_id={label}", tenants.Blue)).Json.GetProperty("jobs").EnumerateArray());
    }

    [Fact]
    public async Task The_projection_takes_a_new_job_over()
    {
        var accepted = await Host.PostAsync(Requests.Valid(), tenants.Red);
        await Host.SendAsync(HttpMethod.Delete, $"/api/v2/jobs/{accepted["job_id"]}", headers: tenants.Red);

        await CloneHub.Testing.Eventually.Until(
            "the list tells that the job was cancelled",
            async () => (await Host.GetAsync("/api/v2/jobs?status=cancelled&limit=200", tenants.Red)).Text.Contains(accepted["job_id"], StringComparison.Ordinal),
            TimeSpan.FromSeconds(30));

        Assert.DoesNotContain(accepted["job_id"], (await Host.GetAsync("/api/v2/jobs?status=pending&limit=200", tenants.Red)).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("status=done", "status", "one of pending, running, completed, failed, cancelled")]
    [InlineData("status=Pending", "status", "one of")]
    [InlineData("status=pending&status=failed", "status", "given once")]
    [InlineData("type=migration", "type", "must be clone or restore")]
    [InlineData("customer_id=-acme", "customer_id", "1 to 50")]
    [InlineData("customer_id=", "customer_id", "1 to 50")]
    [InlineData("limit=0", "limit", "from 1 to 200")]
    [InlineData("limit=201", "limit", "from 1 to 200")]
    [InlineData("limit=ten", "limit", "from 1 to 200")]
    [InlineData("cursor=abc", "cursor", "next_cursor")]
    [InlineData("cursor=", "cursor", "next_cursor")]
    [InlineData("custmer_id=acme", "custmer_id", "not a parameter")]
    public async Task A_parameter_that_is_not_right_is_named(string query, string parameter, string reason)
    {
        var problem = (await Host.GetAsync($"/api/v2/jobs?{query}", tenants.Red)).IsProblem(400, "VALIDATION_FAILED");

        Assert.Contains(reason, problem.Json.GetProperty("errors").GetProperty(parameter)[0].GetString(), StringComparison.Ordinal);
    }
}
