using System.Globalization;
using CloneHub.Contracts;
using CloneHub.Dev.Servers;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.Callbacks;
using CloneHub.Jobs.Tests.Vault;
using CloneHub.Jobs.Vault;
using CloneHub.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace CloneHub.Jobs.Tests.Callbacks;

/// <summary>One attempt to call an owner, over real connections.</summary>
public sealed class CallbackSenderTests : VaultWorld, IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new(Given.T0);
    private readonly Callback _callback = Callback.Of(new JobState(Given.Id, Given.AJobIn(Stage.Serving).Job, 7, 0, null), Notice.Completed);
    private CallbackReceiver _receiver = null!;
    private CallbackSigner _signer = null!;

    public async Task InitializeAsync()
    {
        _receiver = await CallbackReceiver.StartAsync();
        _signer = new CallbackSigner(Keys(Line(1)));
    }

    public async Task DisposeAsync() => await _receiver.DisposeAsync();

    [Fact]
    public async Task An_owner_is_told_what_happened_when_and_how_the_job_stands()
    {
        Assert.Equal(CallbackAnswer.Delivered, await SendAsync());

        var call = Assert.Single(_receiver.Calls);
        Assert.Equal($"POST /hook?token={_receiver.Token}", call.Line);
        Assert.Equal(("application/json", "CloneHub"), (call.Headers["Content-Type"], call.Headers["User-Agent"]));
        Assert.Equal((_callback.Id, Given.T0.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)), (call.Id, call.Headers["webhook-timestamp"]));
        Assert.DoesNotContain('.', call.Id);
        Assert.True(call.IsSignedBy(_signer.SecretOf("acme").Reveal()));
        Assert.False(call.IsSignedBy(_signer.SecretOf("other").Reveal()));
        Assert.Equal(("job.completed", Given.T0), (call.Type, call.Json.GetProperty("timestamp").GetDateTimeOffset()));
        Assert.Equal((Given.Id.Value, "completed"), (call.Job.GetProperty("job_id").GetString(), call.Job.GetProperty("status").GetString()));
        Assert.DoesNotContain("traceparent", call.Headers.Keys);
    }

    [Fact]
    public void Nobody_is_told_credentials()
    {
        var text = System.Text.Encoding.UTF8.GetString(_callback.Body.Span);

        Assert.Contains("\"clone_url\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("password", text, StringComparison.Ordinal);
        Assert.DoesNotContain("username", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200, false, null)]
    [InlineData(299, false, null)]
    [InlineData(302, false, "The address answered 302; redirects are not followed.")]
    [InlineData(307, false, "The address answered 307; redirects are not followed.")]
    [InlineData(404, false, "The address answered 404.")]
    [InlineData(410, true, "The address answered 410: it wants no calls.")]
    [InlineData(500, false, "The address answered 500.")]
    public async Task Only_success_counts_as_delivered(int status, bool final, string? fault)
    {
        _receiver.Answering = (response, _) =>
        {
            (response.StatusCode, response.Headers.Location) = (status, new Uri(_receiver.Address, "elsewhere").AbsoluteUri);
            return Task.CompletedTask;
        };

        Assert.Equal(new CallbackAnswer(fault, final), await SendAsync());
        Assert.Single(_receiver.Calls);
    }

    [Theory]
    [InlineData("120", 120)]
    [InlineData("Sun, 01 Mar 2026 12:10:00 GMT", 600)]
    public async Task An_owner_may_say_when_it_wants_to_be_called_again(string header, int seconds)
    {
        _receiver.Answering = (response, _) =>
        {
            (response.StatusCode, response.Headers.RetryAfter) = (StatusCodes.Status503ServiceUnavailable, header);
            return Task.CompletedTask;
        };

        Assert.Equal(TimeSpan.FromSeconds(seconds), (await SendAsync()).RetryAfter);
    }

    [Fact]
    public async Task A_receiver_that_hangs_is_left_after_ten_seconds()
    {
        var never = new TaskCompletionSource();
        _receiver.Answering = (_, _) => never.Task;
        var sending = SendAsync();
        await _receiver.ReceivedAsync(1);

        _clock.Advance(TimeSpan.FromSeconds(9));
        Assert.False(sending.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("The address did not answer within 10 seconds.", (await sending).Fault);
        never.SetResult();
    }

    [Fact]
    public async Task An_endless_answer_is_left_once_its_status_is_known()
    {
        var left = new TaskCompletionSource();
        _receiver.Answering = async (response, _) =>
        {
            var block = new byte[64 * 1024];
            while (!response.HttpContext.RequestAborted.IsCancellationRequested) await response.Body.WriteAsync(block);
            left.SetResult();
        };

        Assert.Equal(CallbackAnswer.Delivered, await SendAsync());
        await left.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_receiver_in_a_private_network_is_not_called()
    {
        foreach (var host in (string[])["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433"])
        {
            var answer = await SendAsync(new UriBuilder(_receiver.Url) { Host = host }.Uri, allowLoopback: false);
            Assert.Equal(new CallbackAnswer("The address is not public."), answer);
        }

        Assert.Empty(_receiver.Calls);
    }

    [Fact]
    public async Task No_reason_names_the_address()
    {
        var nobody = new Uri($"http://127.0.0.1:{Ports.Free()}/hook?token=t1");
        var noTls = new UriBuilder(_receiver.Url) { Scheme = "https" }.Uri;

        var answers = new[] { await SendAsync(nobody), await SendAsync(noTls), await SendAsync(new Uri("http://nowhere.invalid/hook?token=t1")) };

        Assert.Equal(
            ["Nobody answers at the address.", "No secure connection to the address: its certificate is not valid.", "The name of the address does not resolve."],
            answers.Select(answer => answer.Fault));
    }

    [Fact]
    public async Task An_address_that_is_not_known_any_more_is_given_up()
    {
        using var sender = new CallbackSender(new Known(null), NewHttp(allowLoopback: true));

        Assert.True((await SendAsync(sender, _callback)).Final);
    }

    [Fact]
    public async Task Owners_that_hang_hold_up_no_other_host_and_nobody_elses_calls()
    {
        var release = new TaskCompletionSource();
        await using var other = await CallbackReceiver.StartAsync();
        _receiver.Answering = (_, _) => release.Task;
        var elsewhere = new UriBuilder(other.Url) { Host = "localhost" }.Uri;
        using var sender = new CallbackSender(new Known(null) { ByJob = job => job == Given.Id ? _receiver.Url : elsewhere }, NewHttp(allowLoopback: true));

        var hanging = Enumerable.Range(0, 100).Select(_ => SendAsync(sender, _callback)).ToList();
        await _receiver.ReceivedAsync(4);
        var job = IdempotentJobId.New();

        Assert.Equal(CallbackAnswer.Delivered, await SendAsync(sender, _callback with { Job = job }));
        Assert.Equal(CallbackAnswer.Delivered, await SendAsync(sender, _callback with { Job = job, Tenant = "other" }));
        Assert.Equal(4, _receiver.Calls.Count);
        release.SetResult();
        Assert.All(await Task.WhenAll(hanging), answer => Assert.Equal(CallbackAnswer.Delivered, answer));
    }

    [Fact]
    public async Task A_call_that_waits_for_room_tells_of_the_job_as_it_stands_when_it_is_made()
    {
        var release = new TaskCompletionSource();
        _receiver.Answering = (_, _) => release.Task;
        using var sender = new CallbackSender(new Known(_receiver.Url), NewHttp(allowLoopback: true));
        var hanging = Enumerable.Range(0, 4).Select(_ => SendAsync(sender, _callback)).ToList();
        await _receiver.ReceivedAsync(4);
        var asked = false;

        var waiting = sender.SendAsync(_callback.Job, _callback.Tenant, () =>
        {
            asked = true;
            return _callback;
        });

        Assert.False(asked);
        release.SetResult();
        Assert.Equal(CallbackAnswer.Delivered, await waiting);
        Assert.True(asked);
        await Task.WhenAll(hanging);
    }

    private static Task<CallbackAnswer> SendAsync(CallbackSender sender, Callback call) => sender.SendAsync(call.Job, call.Tenant, () => call);

    private async Task<CallbackAnswer> SendAsync(Uri? address = null, bool allowLoopback = true)
    {
        using var http = NewHttp(allowLoopback);
        using var sender = new CallbackSender(new Known(address ?? _receiver.Url), http);
        return await SendAsync(sender, _callback);
    }

    private CallbackHttp NewHttp(bool allowLoopback) => new(_signer, Options.Create(new JobsApiOptions { AllowLoopbackSources = allowLoopback }), _clock);

    /// <summary>Knows where owners want to be called.</summary>
    private sealed class Known(Uri? address) : IJobVault
    {
        public Func<JobId, Uri?> ByJob { get; init; } = _ => address;

        public Task<JobSecrets?> OpenAsync(JobId job, CancellationToken cancellation) => Task.FromResult<JobSecrets?>(
            ByJob(job) is { } url ? JobSecretsFactory.New("", new Secret(""), new Secret(url.AbsoluteUri)) : null);
    }
}
