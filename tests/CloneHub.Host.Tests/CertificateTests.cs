namespace CloneHub.Host.Tests;

[Trait("Needs", "servers")]
public sealed class CertificateTests(TwoTenants tenants) : IClassFixture<TwoTenants>
{
    private RunningHost Host => tenants.Host;

    [Fact]
    public async Task A_job_that_is_not_completed_has_no_certificate()
    {
        var job = await Host.PostAsync(Requests.Valid(), tenants.Red);

        var answer = await Host.SendAsync(HttpMethod.Get, $"/api/v2/jobs/{job["job_id"]}/certificate", headers: tenants.Red);

        answer.IsProblem(409, "NOT_CERTIFIED");
    }

    [Fact]
    public async Task A_job_of_another_tenant_is_not_found()
    {
        var job = await Host.PostAsync(Requests.Valid(), tenants.Red);

        (await Host.SendAsync(HttpMethod.Get, $"/api/v2/jobs/{job["job_id"]}/certificate", headers: tenants.Blue)).IsProblem(404, "JOB_NOT_FOUND");
        (await Host.SendAsync(HttpMethod.Get, "/api/v2/jobs/job-1/certificate", headers: tenants.Blue)).IsProblem(404, "JOB_NOT_FOUND");
    }

    [Fact]
    public async Task A_log_is_there_with_its_clone_and_for_its_owner_only()
    {
        var job = (await Host.PostAsync(Requests.Valid(), tenants.Red))["job_id"];

        (await Host.SendAsync(HttpMethod.Get, $"/api/v2/jobs/{job}/logs/php", headers: tenants.Red)).IsProblem(409, "NO_LOG");
        (await Host.SendAsync(HttpMethod.Get, $"/api/v2/jobs/{job}/logs/php", headers: tenants.Blue)).IsProblem(404, "JOB_NOT_FOUND");
        foreach (var log in (string[])["access", "agent"])
            (await Host.SendAsync(HttpMethod.Get, $"/api/v2/jobs/{job}/logs/{log}", headers: tenants.Blue)).IsProblem(404, "JOB_NOT_FOUND");
        (await Host.SendAsync(HttpMethod.Get, $"/api/v2/jobs/{job}/logs/access", headers: tenants.Red)).IsProblem(409, "NO_LOG");
        (await Host.SendAsync(HttpMethod.Get, $"/api/v2/jobs/{job}/logs/agent", headers: tenants.Red)).IsProblem(404, "NO_SUCH_LOG");
        (await Host.SendAsync(HttpMethod.Get, $"/api/v2/jobs/{job}/logs/mail", headers: tenants.Red)).IsProblem(404, "NOT_FOUND");
        foreach (var lines in (string[])["0", "1001", "-1", "x", ""])
            (await Host.SendAsync(HttpMethod.Get, $"/api/v2/jobs/{job}/logs/php?lines={lines}", headers: tenants.Red)).IsProblem(400, "VALIDATION_FAILED");
        (await Host.SendAsync(HttpMethod.Get, $"/api/v2/jobs/{job}/logs/php?line=1", headers: tenants.Red)).IsProblem(400, "VALIDATION_FAILED");
    }

    [Fact]
    public async Task The_keys_are_the_same_for_every_tenant_and_hold_no_secret_part()
    {
        var red = await Host.SendAsync(HttpMethod.Get, "/api/v2/certificate-keys", headers: tenants.Red);
        var blue = await Host.SendAsync(HttpMethod.Get, "/api/v2/certificate-keys", headers: tenants.Blue);

        Assert.Equal((200, red.Text), (red.Status, blue.Text));
        var key = Assert.Single(red.Json.GetProperty("keys").EnumerateArray());
        Assert.Equal(["kty", "crv", "use", "alg", "kid", "x", "y"], key.EnumerateObject().Select(part => part.Name));
        (await Host.GetAsync("/api/v2/certificate-keys")).IsProblem(401, "API_KEY_REQUIRED");
    }
}
