namespace CloneHub.Host.Tests;

[Trait("Needs", "servers")]
public sealed class ConnectorTests(TwoTenants tenants) : IClassFixture<TwoTenants>
{
    private RunningHost Host => tenants.Host;

    [Fact]
    public async Task A_connector_is_there_while_a_job_waits_for_it_and_for_its_owner_only()
    {
        var job = (await Host.PostAsync(Requests.Valid(), tenants.Red))["job_id"];

        (await Host.SendAsync(HttpMethod.Get, $"/api/v2/jobs/{job}/connector", headers: tenants.Red)).IsProblem(409, "NO_CONNECTOR");
        (await Host.SendAsync(HttpMethod.Get, $"/api/v2/jobs/{job}/connector", headers: tenants.Blue)).IsProblem(404, "JOB_NOT_FOUND");
        (await Host.SendAsync(HttpMethod.Get, "/api/v2/jobs/job-1/connector", headers: tenants.Red)).IsProblem(404, "JOB_NOT_FOUND");
    }
}
