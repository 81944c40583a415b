using CloneHub.Contracts;
using CloneHub.Provisioning.Agent;
using CloneHub.Provisioning.Kubernetes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace CloneHub.Provisioning.Tests.Kubernetes;

public sealed class ClusterGateTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public async Task Nothing_is_asked_before_the_time_is_over_that_a_busy_server_has_named()
    {
        var gate = new ClusterGate(_clock);
        gate.CloseFor(TimeSpan.FromSeconds(3));
        gate.CloseFor(TimeSpan.FromSeconds(1));
        var asked = 0;
        var call = gate.PassAsync(_ => Task.FromResult(++asked), default);
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(0, asked);

        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, await call);
    }

    [Fact]
    public async Task A_call_that_is_not_answered_ends_and_one_that_is_stopped_is_no_trouble_of_the_clusters()
    {
        var gate = new ClusterGate(_clock);
        var silent = gate.PassAsync(stop => new TaskCompletionSource<int>().Task.WaitAsync(stop), default);
        _clock.Advance(TimeSpan.FromSeconds(25));
        await Assert.ThrowsAsync<ClusterAwayException>(() => silent);

        using var stop = new CancellationTokenSource();
        var stopped = gate.PassAsync(either => new TaskCompletionSource<int>().Task.WaitAsync(either), stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stopped);
    }

    [Fact]
    public async Task The_agent_is_not_called_either_while_the_server_is_busy_and_not_waited_for_longer()
    {
        await using var server = await FakeApiServer.StartAsync();
        var gate = new ClusterGate(_clock);
        gate.CloseFor(TimeSpan.FromMinutes(1));
        var agent = new AgentExec(server.Client, gate, Options.Create(new KubernetesOptions()), _clock, NullLogger<AgentExec>.Instance);
        var order = TestJobs.NewOrder();
        var call = agent.RunAsync<AgentLog>(
            "pod", AgentCommand.Log, new LogRequest(order.Job, 10, Log: null), TestJobs.NewSecrets(), order.Token(CloneStep.ActivatePlugin, 1), progress: null, default);

        _clock.Advance(TimeSpan.FromSeconds(25));
        await Assert.ThrowsAsync<ClusterAwayException>(() => call);
        Assert.Empty(server.Asked);
    }
}
