using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using CloneHub.Testing;

namespace CloneHub.Host.Tests;

[Trait("Needs", "servers")]
public sealed class ApiKeyTests(ServersFixture servers) : IClassFixture<ServersFixture>
{
    [Fact]
    public async Task A_new_key_opens_its_tenants_jobs_and_nobody_elses()
    {
        var (red, redHash) = NewKey("red");
        var (blue, blueHash) = NewKey("blue");
        await using var host = await RunningHost.StartAsync(servers, Keys(("red", redHash), ("blue", blueHash)));

        var job = await host.PostAsync(Requests.Valid(), Bearer(red));
        Assert.Equal(202, job.Status);

        Assert.Equal(200, (await host.GetAsync(job["status_url"], Bearer(red))).Status);
        Assert.Equal(200, (await host.GetAsync(job["status_url"], headers => headers.Add("X-Api-Key", red))).Status);
        (await host.GetAsync(job["status_url"], Bearer(blue))).IsProblem(404, "JOB_NOT_FOUND");
        (await host.SendAsync(HttpMethod.Delete, $"/api/v2/jobs/{job["job_id"]}", headers: Bearer(blue))).IsProblem(404, "JOB_NOT_FOUND");
        Assert.NotEqual("cancelled", (await host.GetAsync(job["status_url"], Bearer(red)))["status"]);
    }

    [Fact]
    public async Task The_same_idempotency_key_of_two_tenants_is_two_jobs()
    {
        var (red, redHash) = NewKey("red");
        var (blue, blueHash) = NewKey("blue");
        await using var host = await RunningHost.StartAsync(servers, Keys(("red", redHash), ("blue", blueHash)));

        var first = await host.PostAsync(Requests.Valid(), Keyed(red));
        var second = await host.PostAsync(Requests.Valid(), Keyed(blue));

        Assert.Equal((202, 202), (first.Status, second.Status));
        Assert.NotEqual(first["job_id"], second["job_id"]);

        static Action<HttpRequestHeaders> Keyed(string key) => headers =>
        {
            Bearer(key)(headers);
            headers.Add("Idempotency-Key", "order-1");
        };
    }

    [Fact]
    public async Task Without_the_right_key_nothing_is_answered_and_nothing_done()
    {
        var (_, hash) = NewKey("red");
        await using var host = await RunningHost.StartAsync(servers, Keys(("red", hash)));
        var before = await host.AcceptedJobsAsync();

        Action<HttpRequestHeaders>[] missing = [_ => { }, headers => headers.Authorization = new("Basic", "eDp5")];
        Action<HttpRequestHeaders>[] wrong = [Bearer("ch_wrong"), Bearer(hash), headers => headers.Add("X-Api-Key", "ch_wrong"), headers => headers.TryAddWithoutValidation("X-Api-Key", "")];

        foreach (var headers in missing)
        {
            var refused = (await host.PostAsync(Requests.Valid(), headers)).IsProblem(401, "API_KEY_REQUIRED");
            Assert.Equal("Bearer", refused.Headers.WwwAuthenticate.Single().Scheme);
        }

        foreach (var headers in wrong)
        {
            var refused = (await host.PostAsync(Requests.Valid(), headers)).IsProblem(401, "API_KEY_INVALID");
            Assert.Contains("invalid_token", refused.Headers.WwwAuthenticate.Single().Parameter, StringComparison.Ordinal);
        }

        (await host.GetAsync("/api/v2/job-status/job-mfrggzdfmztwq2lknnwg23tpoa")).IsProblem(401, "API_KEY_REQUIRED");
        (await host.GetAsync("/api/v2/jobs/job-mfrggzdfmztwq2lknnwg23tpoa")).IsProblem(401, "API_KEY_REQUIRED");
        (await host.SendAsync(HttpMethod.Delete, "/api/v2/jobs/job-mfrggzdfmztwq2lknnwg23tpoa")).IsProblem(401, "API_KEY_REQUIRED");
        Assert.Equal(before, await host.AcceptedJobsAsync());
    }

    [Fact]
    public async Task Health_and_description_need_no_key()
    {
        await using var host = await RunningHost.StartAsync(servers, Keys(("red", NewKey("red").Hash)));

        foreach (var path in (string[])["/health/live", "/health/ready", "/metrics", "/openapi/v1.json"]) Assert.Equal(200, (await host.GetAsync(path)).Status);
    }

    [Fact]
    public async Task Without_keys_a_page_whose_name_was_pointed_at_this_machine_is_no_local_caller()
    {
        await using var host = await RunningHost.StartAsync(servers);

        (await host.PostAsync(Requests.Valid(), headers => headers.Host = "rebound.example")).IsProblem(401, "API_KEY_REQUIRED");
        Assert.Equal(202, (await host.PostAsync(Requests.Valid(), headers => headers.Host = "localhost:5080")).Status);
    }

    [Fact]
    public async Task Each_key_may_send_its_requests_a_minute()
    {
        var (red, redHash) = NewKey("red");
        var (blue, blueHash) = NewKey("blue");
        var settings = Keys(("red", redHash), ("blue", blueHash));
        settings["CloneHub:RateLimit:ClonesPerMinute"] = "2";
        await using var host = await RunningHost.StartAsync(servers, settings);

        (await host.PostAsync("{", Bearer(red))).IsProblem(400, "MALFORMED_JSON");
        Assert.Equal(202, (await host.PostAsync(Requests.Valid(), Bearer(red))).Status);
        var refused = (await host.PostAsync(Requests.Valid(), Bearer(red))).IsProblem(429, "RATE_LIMITED");

        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Equal(1, await host.AcceptedJobsAsync());
        Assert.Equal(202, (await host.PostAsync(Requests.Valid(), Bearer(blue))).Status);
    }

    [Fact]
    public async Task Each_key_may_extend_sixty_times_a_minute()
    {
        var (red, redHash) = NewKey("red");
        var (blue, blueHash) = NewKey("blue");
        await using var host = await RunningHost.StartAsync(servers, Keys(("red", redHash), ("blue", blueHash)));

        for (var i = 0; i < 60; i++) (await ExtendAsync(red)).IsProblem(404, "JOB_NOT_FOUND");
        var refused = (await ExtendAsync(red)).IsProblem(429, "RATE_LIMITED");

        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        (await ExtendAsync(blue)).IsProblem(404, "JOB_NOT_FOUND");
        Assert.Equal(202, (await host.PostAsync(Requests.Valid(), Bearer(red))).Status);

        Task<Answer> ExtendAsync(string key) => host.SendAsync(
            HttpMethod.Post, "/api/v2/jobs/job-mfrggzdfmztwq2lknnwg23tpoa/extend", JsonContent.Create(new { ttl_minutes = 60 }), Bearer(key));
    }

    [Fact]
    public async Task A_lease_that_ends_before_the_others_know_whether_a_node_is_gone_stops_the_start()
    {
        var (exitCode, errors) = await RefusedStartAsync(new Dictionary<string, string>
        {
            ["Urls"] = "http://127.0.0.1:0",
            ["CloneHub__Cluster__Port"] = "4053",
            ["CloneHub__Cluster__SeedNodes__0"] = "akka.tcp://clonehub@core-0:4053",
            ["CloneHub__Cluster__Patience"] = "00:00:10",
        });

        Assert.Equal(78, exitCode);
        Assert.Contains("CloneHub:Queue:Lease must be longer than CloneHub:Cluster:Patience", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_keys_the_program_does_not_start_where_others_can_reach_it()
    {
        var (exitCode, errors) = await RefusedStartAsync(new Dictionary<string, string> { ["Urls"] = "http://0.0.0.0:0" });

        Assert.Equal(78, exitCode);
        Assert.Contains("CloneHub:ApiKeys is empty", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CloneHub__ApiKeys__0__Tenant", "red", "CloneHub:ApiKeys:0:Sha256 must be 64 hexadecimal digits")]
    [InlineData("CloneHub__RateLimit__ClonesPerMinute", "0", "CloneHub:RateLimit:ClonesPerMinute must be at least 1")]
    [InlineData("CloneHub__Cluster__Roles__0", "boss", "CloneHub:Cluster:Roles may hold 'core' and 'worker', not 'boss'")]
    [InlineData("CloneHub__Cluster__SeedNodes__0", "core-0", "CloneHub:Cluster:SeedNodes: 'core-0' is not an address")]
    [InlineData("CloneHub__Cluster__SeedNodes__0", "akka.tcp://other@core-0:4053", "CloneHub:Cluster:SeedNodes: 'akka.tcp://other@core-0:4053' is not an address")]
    [InlineData("CloneHub__Cluster__SeedNodes__0", "akka.tcp://clonehub@core-0:4053", "CloneHub:Cluster:Port must be set")]
    [InlineData("CloneHub__Cluster__Roles__0", "core", "CloneHub:Cluster:SeedNodes must name the core nodes")]
    [InlineData("CloneHub__Cluster__Patience", "00:00:01", "CloneHub:Cluster:Patience must be from 4 seconds")]
    [InlineData("CloneHub__Cluster__DrainTimeout", "01:00:00", "CloneHub:Cluster:DrainTimeout must be at most a minute")]
    [InlineData("CloneHub__Slots", "0", "CloneHub:Slots")]
    [InlineData("CloneHub__Slots", "abc", "CloneHub:Slots is not a valid")]
    [InlineData("CloneHub__Redis__Durability", "foo", "CloneHub:Redis:Durability must be one of verify, managed")]
    [InlineData("CloneHub__Redis__ConnectionString", "localhost,secret=1,database=x", "CloneHub:Redis:ConnectionString is not a connection string")]
    [InlineData("CloneHub__PostgreSql__ConnectionString", "Host=a;Nonsense=b", "CloneHub:PostgreSql:ConnectionString is not a connection string")]
    [InlineData("CloneHub__MasterKeyFile", "/proc/version", "CloneHub:MasterKeyFile cannot be used")]
    [InlineData("CloneHub__MasterKeyFile", "", "CloneHub:MasterKeyFile")]
    public async Task A_setting_that_is_wrong_stops_the_start_with_its_name(string setting, string value, string said)
    {
        var (exitCode, errors) = await RefusedStartAsync(new Dictionary<string, string> { ["Urls"] = "http://127.0.0.1:0", [setting] = value });

        Assert.Equal(78, exitCode);
        Assert.Contains(said, errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData]
    [InlineData("--tenant")]
    [InlineData("--tenant", "")]
    [InlineData("--tenant", "red", "blue")]
    public void A_new_key_needs_a_tenant(params string[] args)
    {
        using var errors = new StringWriter();

        Assert.Equal(64, NewApiKey.Run(args, TextWriter.Null, errors));
        Assert.Contains("--tenant NAME", errors.ToString(), StringComparison.Ordinal);
    }

    internal static (string Key, string Hash) NewKey(string tenant)
    {
        using var output = new StringWriter();
        Assert.Equal(0, NewApiKey.Run(["--tenant", tenant], output, TextWriter.Null));
        var words = output.ToString().Split((char[])[' ', '\n', '='], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return (words.Single(word => word.StartsWith("ch_", StringComparison.Ordinal)), words.Single(word => word.Length == 64));
    }

    internal static Action<HttpRequestHeaders> Bearer(string key) => headers => headers.Authorization = new("Bearer", key);

    internal static Dictionary<string, string> Keys(params (string Tenant, string Hash)[] keys) => keys
        .SelectMany((key, i) => new[]
        {
            KeyValuePair.Create($"CloneHub:ApiKeys:{i}:Tenant", key.Tenant), KeyValuePair.Create($"CloneHub:ApiKeys:{i}:Sha256", key.Hash),
        })
        .ToDictionary();

    private async Task<(int ExitCode, string Errors)> RefusedStartAsync(Dictionary<string, string> settings)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "CloneHub.Host.dll")]) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var (name, value) in CloneHub.Dev.Host.HostSettings.For(servers.Servers, await servers.CoreStoreAsync(), servers.NewFolder(), port: 0)) start.Environment[name] = value;
        start.Environment["CloneHub__PostgreSql__ConnectionString"] = await servers.NewPostgreSqlDatabaseAsync();
        start.Environment["CloneHub__Redis__ConnectionString"] = servers.NewRedisDatabase();
        foreach (var (name, value) in settings) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await output;
        await process.WaitForExitAsync();
        return (process.ExitCode, errors);
    }
}
