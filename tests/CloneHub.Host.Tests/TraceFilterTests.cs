using Microsoft.AspNetCore.Http;

namespace CloneHub.Host.Tests;

public sealed class TraceFilterTests
{
    [Theory]
    [InlineData("localhost:5080", "/api/v2/clone", true)]
    [InlineData("clones.example", "/api/v2/jobs", true)]
    [InlineData("job-mfrggzdfmztwq2lknnwg23tpoa.localhost:5080", "/", false)]
    [InlineData("JOB-MFRGGZDFMZTWQ2LKNNWG23TPOA.clones.example", "/wp-admin/", false)]
    [InlineData("localhost:5080", "/health/ready", false)]
    [InlineData("localhost:5080", "/metrics", false)]
    [InlineData("localhost:5080", "/queue", false)]
    public void Looks_at_health_and_visits_to_clones_are_not_traced(string host, string path, bool isTraced)
    {
        var context = new DefaultHttpContext { Request = { Host = new HostString(host), Path = path } };

        Assert.Equal(isTraced, Telemetry.IsWorthATrace(context));
    }
}
