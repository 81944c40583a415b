using CloneHub.Dev.Servers;
using CloneHub.Testing;
using Microsoft.AspNetCore.Http;

namespace CloneHub.Host.Tests;

/// <summary>The whole program calls owners of jobs on this machine.</summary>
[Trait("Needs", "servers")]
public sealed class WebhookTests(SourceSiteFixture fixture) : IClassFixture<SourceSiteFixture>
{
    private const string Secret = "/api/v2/webhook-secret";
    private static readonly TimeSpan Build = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Every_end_of_a_job_is_told_in_its_order_signed_and_without_credentials()
    {
        await using var receiver = await CallbackReceiver.StartAsync();
        await using var host = await RunningHost.StartAsync(fixture.Servers, port: Ports.Free());
        var completed = await RequestAsync(host, receiver, fixture.Site.AdminPassword);
        var failed = await RequestAsync(host, receiver, "wrong");

        var password = (await host.EndsAsync(completed["status_url"], "completed", Build)).Json.GetProperty("result").GetProperty("password").GetString()!;
        await host.EndsAsync(failed["status_url"], "failed", Build);
        await receiver.ReceivedAsync(2, Build);
        await RemoveAsync(host, completed);
        await RemoveAsync(host, failed);
        var calls = await receiver.ReceivedAsync(4, Build);

        Assert.Equal(["job.completed", "job.removed"], TypesOf(calls, completed));
        Assert.Equal(["job.failed", "job.removed"], TypesOf(calls, failed));
        Assert.Equal(4, calls.Select(call => call.Id).Distinct().Count());
        var secret = (await host.GetAsync(Secret))["secret"];
        Assert.All(calls, call => Assert.True(call.IsSignedBy(secret)));
        Assert.All(calls, call => Assert.DoesNotContain(password, call.Body, StringComparison.Ordinal));
        Assert.Equal("LOGIN_FAILED", calls.First(call => call.Type == "job.failed").Job.GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_call_that_was_not_taken_is_made_again()
    {
        await using var refusing = await CallbackReceiver.StartAsync();
        await using var leading = await CallbackReceiver.StartAsync();
        await using var host = await RunningHost.StartAsync(fixture.Servers);
        refusing.Answering = First(StatusCodes.Status500InternalServerError);
        leading.Answering = First(StatusCodes.Status302Found, "/elsewhere");
        await RemoveAsync(host, await RequestNowhereAsync(host, refusing));
        await RemoveAsync(host, await RequestNowhereAsync(host, leading));

        foreach (var receiver in new[] { refusing, leading })
        {
            var calls = await receiver.ReceivedAsync(2, Build);
            Assert.Equal(["job.cancelled", "job.cancelled"], calls.Select(call => call.Type));
            Assert.Equal(calls[0].Id, calls[1].Id);
            Assert.All(calls, call => Assert.Equal($"POST /hook?token={receiver.Token}", call.Line));
        }
    }

    [Fact]
    public async Task A_receiver_that_hangs_delays_nothing_but_its_own_calls()
    {
        var never = new TaskCompletionSource();
        await using var hanging = await CallbackReceiver.StartAsync();
        await using var receiver = await CallbackReceiver.StartAsync();
        await using var host = await RunningHost.StartAsync(fixture.Servers);
        hanging.Answering = (_, _) => never.Task;
        var first = await RequestNowhereAsync(host, hanging);
        await RemoveAsync(host, first);
        await hanging.ReceivedAsync(1, Build);

        await RemoveAsync(host, await RequestNowhereAsync(host, receiver));

        await receiver.ReceivedAsync(1, Build);
        Assert.Equal("cancelled", (await host.GetAsync(first["status_url"]))["status"]);
        Assert.True(await host.IsLiveAsync(first["job_id"]));
        never.SetResult();
        await Eventually.Until("the job is over once its owner was told", async () => !await host.IsLiveAsync(first["job_id"]));
    }

    [Fact]
    public async Task A_tenant_is_told_its_own_secret_and_called_with_it()
    {
        var (red, redHash) = ApiKeyTests.NewKey("red");
        var (blue, blueHash) = ApiKeyTests.NewKey("blue");
        await using var receiver = await CallbackReceiver.StartAsync();
        await using var host = await RunningHost.StartAsync(fixture.Servers, ApiKeyTests.Keys(("red", redHash), ("blue", blueHash)));
        var ours = await host.GetAsync(Secret, ApiKeyTests.Bearer(red));
        var theirs = await host.GetAsync(Secret, ApiKeyTests.Bearer(blue));
        (await host.GetAsync(Secret)).IsProblem(401, "API_KEY_REQUIRED");
        Assert.True(ours.Headers.CacheControl?.NoStore);
        Assert.NotEqual(ours["secret"], theirs["secret"]);

        var body = new { source_url = $"http://127.0.0.1:{Ports.Free()}/", source_username = "admin", source_password = "correct horse", callback_url = receiver.Url };
        var job = await host.PostAsync(body, ApiKeyTests.Bearer(red));
        await host.SendAsync(HttpMethod.Delete, $"/api/v2/jobs/{job["job_id"]}", headers: ApiKeyTests.Bearer(red));

        var call = (await receiver.ReceivedAsync(1, Build))[0];
        Assert.True(call.IsSignedBy(ours["secret"]));
        Assert.False(call.IsSignedBy(theirs["secret"]));
    }

    private static IEnumerable<string> TypesOf(IEnumerable<ReceivedCall> calls, Answer job) =>
        calls.Where(call => call.Job.GetProperty("job_id").GetString() == job["job_id"]).Select(call => call.Type);

    private static Func<HttpResponse, int, Task> First(int status, string? location = null) => (response, number) =>
    {
        if (number == 1) (response.StatusCode, response.Headers.Location) = (status, location);
        return Task.CompletedTask;
    };

    private async Task<Answer> RequestAsync(RunningHost host, CallbackReceiver receiver, string password) => await AcceptedAsync(host, new
    {
        source_url = fixture.Site.Url,
        source_username = fixture.Site.AdminUser,
        source_password = password,
        callback_url = receiver.Url,
    });

    /// <summary>A clone of a site that is down: its job goes on until it is cancelled.</summary>
    private static Task<Answer> RequestNowhereAsync(RunningHost host, CallbackReceiver receiver) => AcceptedAsync(host, new
    {
        source_url = $"http://127.0.0.1:{Ports.Free()}/",
        source_username = "admin",
        source_password = "correct horse",
        callback_url = receiver.Url,
    });

    private static async Task<Answer> AcceptedAsync(RunningHost host, object body)
    {
        var answer = await host.PostAsync(body);
        Assert.True(answer.Status == 202, answer.Text);
        return answer;
    }

    private static async Task RemoveAsync(RunningHost host, Answer job) =>
        Assert.Equal(202, (await host.SendAsync(HttpMethod.Delete, $"/api/v2/jobs/{job["job_id"]}")).Status);
}
