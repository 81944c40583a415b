using CloneHub.Contracts;
using CloneHub.Provisioning.Steps;
using CloneHub.Provisioning.Tests.WordPress.Source;
using CloneHub.Provisioning.WordPress;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CloneHub.Provisioning.Tests.Steps;

public sealed class RemoveTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_clone_is_gone_before_a_source_that_never_answers_is_asked()
    {
        var backend = new RecordingBackend();
        var asked = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var source = await FakeSite.StartAsync(async context =>
        {
            asked.TrySetResult(backend.HasRemoved);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        });
        var clock = new FakeTimeProvider();
        var connector = new SourceConnector(new SourceOptions { AllowLoopback = true }, clock, NullLogger<SourceConnector>.Instance);
        var step = new Remove(backend, new OpenVault(TestJobs.NewSecrets), connector, clock);
        var order = TestJobs.NewOrder(source.Url);

        var removal = step.RunAsync(order.Token(CloneStep.Remove), order, new Progress<ContentProgress>(), CancellationToken.None);
        Assert.True(await asked.Task.WaitAsync(Patience), "The source was asked while the clone still served.");
        Assert.False(removal.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(10));
        await removal.WaitAsync(Patience);
    }
}
