using System.Net.Http.Json;
using System.Text;

namespace CloneHub.Host.Tests;

[Trait("Needs", "servers")]
public sealed class ExtendJobTests(TwoTenants tenants) : IClassFixture<TwoTenants>
{
    private RunningHost Host => tenants.Host;

    [Fact]
    public async Task Only_a_clone_that_serves_can_be_extended()
    {
        var job = await Host.PostAsync(Requests.Valid(), tenants.Red);

        (await ExtendAsync(job["job_id"], """{"ttl_minutes":60}""")).IsProblem(409, "NOT_SERVING");
    }

    [Fact]
    public async Task A_job_of_another_tenant_is_not_found()
    {
        var job = await Host.PostAsync(Requests.Valid(), tenants.Red);
        var body = JsonContent.Create(new { ttl_minutes = 60 });

        (await Host.SendAsync(HttpMethod.Post, $"/api/v2/jobs/{job["job_id"]}/extend", body, tenants.Blue)).IsProblem(404, "JOB_NOT_FOUND");
        (await ExtendAsync("job-mfrggzdfmztwq2lknnwg23tpoa", """{"ttl_minutes":60}""")).IsProblem(404, "JOB_NOT_FOUND");
        (await ExtendAsync("job-1", """{"ttl_minutes":60}""")).IsProblem(404, "JOB_NOT_FOUND");
    }

    [Theory]
    [InlineData("{}", "ttl_minutes", "is required")]
    [InlineData("""{"ttl_minutes":null}""", "ttl_minutes", "is required")]
    [InlineData("""{"ttl_minutes":4}""", "ttl_minutes", "from 5 to 1440")]
    [InlineData("""{"ttl_minutes":1441}""", "ttl_minutes", "from 5 to 1440")]
    [InlineData("""{"ttl_minutes":"60"}""", "ttl_minutes", "whole number")]
    [InlineData("""{"ttl_minutes":60,"ttl":60}""", "ttl", "is not a field")]
    public async Task A_field_that_is_not_right_is_named(string body, string field, string reason)
    {
        var job = await Host.PostAsync(Requests.Valid(), tenants.Red);

        var problem = (await ExtendAsync(job["job_id"], body)).IsProblem(400, "VALIDATION_FAILED");

        Assert.Contains(reason, problem.Json.GetProperty("errors").GetProperty(field)[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_is_not_right_is_refused()
    {
        var job = (await Host.PostAsync(Requests.Valid(), tenants.Red))["job_id"];

        (await ExtendAsync(job, "[60]")).IsProblem(400, "MALFORMED_JSON");
        (await ExtendAsync(job, new string(' ', 64 * 1024 + 1))).IsProblem(413, "BODY_TOO_LARGE");
        (await ExtendAsync(job, "ttl_minutes=60", "application/x-www-form-urlencoded")).IsProblem(415, "UNSUPPORTED_MEDIA_TYPE");
    }

    private Task<Answer> ExtendAsync(string job, string body, string type = "application/json") =>
        Host.SendAsync(HttpMethod.Post, $"/api/v2/jobs/{job}/extend", new StringContent(body, Encoding.UTF8, type), tenants.Red);
}
