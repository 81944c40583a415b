using Akka.Actor;
using Akka.Hosting;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.GetJobStatus;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace CloneHub.Jobs.Queue;

/// <summary>How long the queue is, for whoever scales the workers. Counts only; of no tenant, job or site.</summary>
/// <param name="Depth">Jobs that wait.</param>
/// <param name="Bulk">Those of them that may take their time.</param>
/// <param name="Capped">Those of them that more workers would not help: a ceiling holds them.</param>
/// <param name="OldestAgeSeconds">How long the one that waits longest has waited since its acceptance.</param>
/// <param name="Building">Slots taken.</param>
/// <param name="Clones">Clones that exist, in whatever state.</param>
internal sealed record QueueBody(int Depth, int Bulk, int Capped, double OldestAgeSeconds, int Building, int Slots, int Workers, int Clones);

/// <summary>
/// GET /queue, as open as /health and /metrics. Who cannot be asked, or does not know every job yet, answers 503: a queue that reads as empty
/// when it is not has the workers taken away from those who wait.
/// </summary>
internal static class GetQueueEndpoint
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static void MapGetQueue(this IEndpointRouteBuilder routes) => routes.MapGet(JobsApi.Queue, GetQueue).ExcludeFromDescription();

    internal static async Task<Results<Ok<QueueBody>, Problem>> GetQueue(
        HttpContext context, IRequiredActor<SlotQueue> queue, TimeProvider clock, CancellationToken cancellation)
    {
        QueueState state;
        try
        {
            state = await queue.ActorRef.Ask<QueueState>(new GetQueueState(), Patience, cancellation);
        }
        catch (AskTimeoutException)
        {
            // That it is silent is the answer; what keeps it is in the log of whatever keeps it.
            return new Problem(ProblemKind.QueueUnknown, "The queue does not answer.");
        }

        if (!state.IsComplete) return new Problem(ProblemKind.QueueUnknown, "The queue has just started and does not know every job yet.");
        context.Response.Headers.CacheControl = "no-store";
        var age = state.Oldest is { } oldest ? Math.Max(0, (clock.GetUtcNow() - oldest).TotalSeconds) : 0;
        return TypedResults.Ok(new QueueBody(
            state.Waiting, state.WaitingBulk, state.Capped, Math.Round(age, 1), state.Building, state.Slots, state.Workers, state.Clones));
    }
}
