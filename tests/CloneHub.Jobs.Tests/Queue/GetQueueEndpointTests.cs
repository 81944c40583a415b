using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.GetJobStatus;
using CloneHub.Jobs.Queue;
using CloneHub.Jobs.Tests.Engine;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace CloneHub.Jobs.Tests.Queue;

/// <summary>What cannot be read never reads as an empty queue.</summary>
public sealed class GetQueueEndpointTests : TestKit
{
    private static readonly QueueState Known = new(true, 12, 3, 2, 4, 5, 1, 9, null, Given.T0.AddSeconds(-7));

    public GetQueueEndpointTests()
        : base("akka.loglevel = OFF")
    {
    }

    [Fact]
    public async Task A_queue_that_knows_every_job_is_told_in_figures() =>
        Assert.Equal(new QueueBody(12, 3, 2, 7, 4, 5, 1, 9), Assert.IsType<Ok<QueueBody>>(await AskAsync(Known)).Value);

    [Fact]
    public async Task A_queue_that_does_not_know_every_job_yet_is_no_empty_one() => Assert.Equal(503, await StatusAsync(await AskAsync(Known with { IsComplete = false, Waiting = 0 })));

    [Fact]
    public async Task A_queue_that_is_silent_is_no_empty_one() => Assert.Equal(503, await StatusAsync(await AskAsync(answer: null)));

    private async Task<IResult> AskAsync(QueueState? answer)
    {
        var queue = CreateTestProbe();
        queue.SetAutoPilot(new DelegateAutoPilot((sender, _) =>
        {
            if (answer is not null) sender.Tell(answer);
            return AutoPilot.KeepRunning;
        }));
        return (await GetQueueEndpoint.GetQueue(new DefaultHttpContext(), new Actor<SlotQueue>(queue), new FakeTimeProvider(Given.T0), CancellationToken.None)).Result;
    }

    private static async Task<int> StatusAsync(IResult result)
    {
        var context = new DefaultHttpContext { RequestServices = new ServiceCollection().BuildServiceProvider() };
        context.Response.Body = new MemoryStream();
        await Assert.IsType<Problem>(result).ExecuteAsync(context);
        Assert.NotEmpty(context.Response.Headers.RetryAfter.ToString());
        return context.Response.StatusCode;
    }
}
