using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;

namespace CloneHub.Host.Tests;

/// <summary>Requests to bring a clone's content to a site, as far as no worker has a part in them.</summary>
[Trait("Needs", "servers")]
public sealed class RestoreEndpointTests(TwoTenants tenants) : IClassFixture<TwoTenants>
{
    private static int _sites;

    private readonly string _site = $"http://93.184.215.14/shop-{Interlocked.Increment(ref _sites)}";

    private RunningHost Host => tenants.Host;

    [Fact]
    public async Task A_restore_is_a_job_like_a_clone()
    {
        var accepted = await RestoreAsync(Valid());

        Assert.True(accepted.Status == 202, accepted.Text);
        Assert.Equal(("restore", "pending", $"/api/v2/job-status/{accepted["job_id"]}"), (accepted["type"], accepted["status"], accepted["status_url"]));
        var status = await Host.GetAsync(accepted["status_url"], tenants.Red);
        Assert.Equal(_site, status.Json.GetProperty("restore").GetProperty("target_url").GetString());
        Assert.DoesNotContain("correct horse", status.Text, StringComparison.Ordinal);
        Assert.Contains(accepted["job_id"], await ListedAsync("type=restore"));
        Assert.DoesNotContain(accepted["job_id"], await ListedAsync("type=clone"));
        Assert.Equal(202, (await Host.SendAsync(HttpMethod.Delete, $"/api/v2/jobs/{accepted["job_id"]}", headers: tenants.Red)).Status);
        Assert.Equal("cancelled", (await Host.GetAsync(accepted["status_url"], tenants.Red))["status"]);
    }

    [Fact]
    public async Task Two_at_once_to_one_site_are_one_too_many()
    {
        var first = await RestoreAsync(Valid());

        var ours = (await RestoreAsync(Valid(target: $"https://93.184.215.14{new Uri(_site).AbsolutePath}/"))).IsProblem(409, "RESTORE_RUNNING");
        Assert.Contains(first["job_id"], ours["detail"], StringComparison.Ordinal);
        var theirs = (await RestoreAsync(Valid(), tenants.Blue)).IsProblem(409, "RESTORE_RUNNING");
        Assert.DoesNotContain(first["job_id"], theirs.Text, StringComparison.Ordinal);
        (await RestoreAsync(Valid(dryRun: true))).IsProblem(409, "RESTORE_RUNNING");

        await Host.SendAsync(HttpMethod.Delete, $"/api/v2/jobs/{first["job_id"]}", headers: tenants.Red);
        Assert.Equal(202, (await RestoreAsync(Valid(), tenants.Blue)).Status);
    }

    [Fact]
    public async Task Of_many_at_the_same_moment_one_is_accepted()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => RestoreAsync(Valid(), n % 2 == 0 ? tenants.Red : tenants.Blue)));

        Assert.Single(answers, answer => answer.Status == 202);
        Assert.All(answers.Where(answer => answer.Status != 202), answer => answer.IsProblem(409, "RESTORE_RUNNING"));
    }

    [Fact]
    public async Task A_dry_run_keeps_no_other_one_away()
    {
        Assert.Equal(202, (await RestoreAsync(Valid(dryRun: true))).Status);
        Assert.Equal(202, (await RestoreAsync(Valid())).Status);
    }

    [Fact]
    public async Task The_same_request_again_is_the_same_job_and_another_one_is_a_conflict()
    {
        var key = $"key-{Guid.NewGuid():N}";
        var first = await RestoreAsync(Valid(), Keyed(key));

        Assert.Equal(first["job_id"], (await RestoreAsync(Valid(), Keyed(key)))["job_id"]);
        (await RestoreAsync(Valid(password: "other"), Keyed(key))).IsProblem(409, "IDEMPOTENCY_CONFLICT");
        (await Host.PostAsync(Requests.Valid(), Keyed(key))).IsProblem(409, "IDEMPOTENCY_CONFLICT");
    }

    [Fact]
    public async Task What_a_site_has_earned_since_an_unknown_copy_is_not_risked_unasked()
    {
        (await RestoreAsync(Valid(onDrift: "refuse"))).IsProblem(409, "DRIFT_UNKNOWN");
        (await RestoreAsync(Valid(onDrift: null))).IsProblem(409, "DRIFT_UNKNOWN");
        Assert.Equal(202, (await RestoreAsync(Valid(onDrift: "refuse", dryRun: true))).Status);
    }

    [Fact]
    public async Task Only_a_clone_of_ones_own_that_serves_can_be_restored()
    {
        var clone = await Host.PostAsync(Requests.Valid(), tenants.Red);

        (await RestoreAsync(OfJob(clone["job_id"]))).IsProblem(409, "NOT_SERVING");
        (await RestoreAsync(OfJob(clone["job_id"]), tenants.Blue)).IsProblem(404, "JOB_NOT_FOUND");
        (await RestoreAsync(OfJob("job-mfrggzdfmztwq2lknnwg23tpoa"))).IsProblem(404, "JOB_NOT_FOUND");
    }

    [Fact]
    public async Task There_is_nothing_to_undo_before_it_is_done()
    {
        var restore = await RestoreAsync(Valid());
        var clone = await Host.PostAsync(Requests.Valid(), tenants.Red);

        (await RollBackAsync(restore["job_id"], tenants.Red)).IsProblem(409, "NOT_UNDOABLE");
        (await RollBackAsync(clone["job_id"], tenants.Red)).IsProblem(409, "NOT_UNDOABLE");
        (await RollBackAsync(restore["job_id"], tenants.Blue)).IsProblem(404, "JOB_NOT_FOUND");
        (await RollBackAsync("job-1", tenants.Red)).IsProblem(404, "JOB_NOT_FOUND");
    }

    [Theory]
    [InlineData("""{"target_url":"http://93.184.215.14/","target_username":"a","target_password":"b"}""", "source_url", "is required without source_job_id")]
    [InlineData("""{"source_job_id":"job-1","target_url":"http://93.184.215.14/","target_username":"a","target_password":"b"}""", "source_job_id", "must be a job id")]
    [InlineData("""{"source_job_id":"job-mfrggzdfmztwq2lknnwg23tpoa","source_url":"http://93.184.215.14/"}""", "source_url", "must be left out")]
    [InlineData("""{"source_job_id":"job-mfrggzdfmztwq2lknnwg23tpoa"}""", "target_url", "is required")]
    [InlineData("""{"source_job_id":"job-mfrggzdfmztwq2lknnwg23tpoa","target_url":"ftp://93.184.215.14/"}""", "target_url", "must be an absolute http or https address")]
    [InlineData("""{"source_job_id":"job-mfrggzdfmztwq2lknnwg23tpoa","target_username":""}""", "target_username", "must not be empty")]
    [InlineData("""{"source_job_id":"job-mfrggzdfmztwq2lknnwg23tpoa","on_drift":"merge"}""", "on_drift", "must be 'refuse'")]
    [InlineData("""{"source_job_id":"job-mfrggzdfmztwq2lknnwg23tpoa","on_drift":"keep_tables"}""", "keep_tables", "is required with on_drift")]
    [InlineData("""{"source_job_id":"job-mfrggzdfmztwq2lknnwg23tpoa","on_drift":"keep_tables","keep_tables":[]}""", "keep_tables", "is required with on_drift")]
    [InlineData("""{"source_job_id":"job-mfrggzdfmztwq2lknnwg23tpoa","on_drift":"keep_tables","keep_tables":["a","a"]}""", "keep_tables", "different texts")]
    [InlineData("""{"source_job_id":"job-mfrggzdfmztwq2lknnwg23tpoa","keep_tables":["a"]}""", "keep_tables", "is for on_drift 'keep_tables' only")]
    [InlineData("""{"source_job_id":"job-mfrggzdfmztwq2lknnwg23tpoa","keep_tables":"a"}""", "keep_tables", "must be a list")]
    [InlineData("""{"source_job_id":"job-mfrggzdfmztwq2lknnwg23tpoa","dry_run":"yes"}""", "dry_run", "must be true or false")]
    [InlineData("""{"source_job_id":"job-mfrggzdfmztwq2lknnwg23tpoa","ttl_minutes":5}""", "ttl_minutes", "is not a field")]
    public async Task A_field_that_is_not_right_is_named(string body, string field, string reason)
    {
        var content = new StringContent(body, Encoding.UTF8, "application/json");

        var problem = (await Host.SendAsync(HttpMethod.Post, "/api/v2/restore", content, tenants.Red)).IsProblem(400, "VALIDATION_FAILED");

        Assert.Contains(reason, problem.Json.GetProperty("errors").GetProperty(field)[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_site_in_our_own_network_is_refused()
    {
        var problem = (await RestoreAsync(Valid(target: "http://10.0.0.1/"))).IsProblem(400, "SOURCE_ADDRESS_REFUSED");

        Assert.True(problem.Json.GetProperty("errors").TryGetProperty("target_url", out _));
    }

    private object Valid(string? target = null, string? onDrift = "overwrite", bool dryRun = false, string password = "correct horse") => new
    {
        source_url = "http://93.184.215.14/clone",
        source_username = "admin",
        source_password = "correct horse of the clone",
        target_url = target ?? _site,
        target_username = "owner",
        target_password = password,
        on_drift = onDrift,
        dry_run = dryRun,
    };

    private object OfJob(string job) => new { source_job_id = job, target_url = _site, target_username = "owner", target_password = "correct horse" };

    private Action<HttpRequestHeaders> Keyed(string key) => headers =>
    {
        tenants.Red(headers);
        headers.Add("Idempotency-Key", key);
    };

    private Task<Answer> RestoreAsync(object body, Action<HttpRequestHeaders>? key = null) =>
        Host.SendAsync(HttpMethod.Post, "/api/v2/restore", JsonContent.Create(body), key ?? tenants.Red);

    private Task<Answer> RollBackAsync(string job, Action<HttpRequestHeaders> key) => Host.SendAsync(HttpMethod.Post, $"/api/v2/jobs/{job}/rollback", headers: key);

    private async Task<IReadOnlyList<string>> ListedAsync(string filter) =>
        [.. (await Host.GetAsync($"/api/v2/jobs?limit=200&{filter}", tenants.Red)).Json.GetProperty("jobs").EnumerateArray().Select(job => job.GetProperty("job_id").GetString()!)];
}
