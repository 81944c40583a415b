using System.Globalization;
using System.Text;
using System.Text.Json;
using CloneHub.Jobs.FollowJob;
using CloneHub.Jobs.GetJobStatus;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace CloneHub.Jobs.Api;

/// <summary>
/// A job's events as server-sent events, from the one after <paramref name="seen"/> to the job's end. The framework's own result cannot
/// write the comments that keep a silent connection open. Whatever breaks the stream, its client resumes with the last number it has seen.
/// </summary>
internal sealed class JobEventStream(JobSnapshot job, LastSeen seen, IJobHistory history, JobNews news, TimeProvider clock) : IResult
{
    public static readonly TimeSpan BetweenHeartbeats = TimeSpan.FromSeconds(15);

    /// <summary>A client that does not take what it is sent for so long is cut.</summary>
    public static readonly TimeSpan PatienceWithClient = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan BeforeSecondLook = TimeSpan.FromSeconds(1);

    private IJob _job = Lifecycles.None;
    private long _read;
    private (int Progress, string Message) _told;
    private JsonSerializerOptions _json = null!;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var stopping = httpContext.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, stopping);
        using var follower = news.Follow(job.Job);
        _json = httpContext.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        string first;
        try
        {
            first = await UnreadAsync(end.Token);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await new Problem(ProblemKind.StoreUnavailable, "CloneHub stops now.").ExecuteAsync(httpContext);
            return;
        }

        if (seen.Id > Math.Max(_read, job.Version))
        {
            await FollowJobEndpoint.Refused(seen.Field).ExecuteAsync(httpContext);
            return;
        }

        if (_job.IsOver && _read <= seen.Id)
        {
            // Tells a browser not to come again.
            httpContext.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        await StreamAsync(httpContext, first, follower, end.Token);
    }

    private async Task StreamAsync(HttpContext httpContext, string first, JobFollower follower, CancellationToken cancellation)
    {
        httpContext.Response.ContentType = "text/event-stream";
        httpContext.Response.Headers.CacheControl = "no-store";
        httpContext.Response.Headers["X-Accel-Buffering"] = "no";
        httpContext.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
        try
        {
            await WriteAsync(httpContext, $"retry: 2000\n\n{first}{Progress(job)}", cancellation);
            await FollowAsync(httpContext, follower, cancellation);
        }
        catch (UnavailableException)
        {
            // What cannot be read now is read by the client's next connection.
        }
        catch (OperationCanceledException)
        {
            // The client goes or was cut, or this program goes.
        }
    }

    private async Task FollowAsync(HttpContext context, JobFollower follower, CancellationToken cancellation)
    {
        while (!_job.IsOver)
        {
            // Told of events that could not be read yet: the journal is away, and the event log behind it.
            var isBehind = follower.Latest?.Version > _read;
            var hasNews = await follower.NewsAsync(isBehind ? BeforeSecondLook : BetweenHeartbeats, clock, cancellation);
            var text = hasNews || isBehind ? await UnreadAsync(cancellation) : await UntoldAsync(cancellation);
            if (follower.Latest is { } latest && latest.Version <= _read) text += Progress(JobSnapshots.Of(latest));
            if (text.Length == 0 && !hasNews) text = ": still here\n\n";
            if (text.Length > 0) await WriteAsync(context, text, cancellation);
        }
    }

    /// <summary>What nobody has told of, because the job moved or its word was lost. A look in vain at a silent job ends no stream.</summary>
    private async Task<string> UntoldAsync(CancellationToken cancellation)
    {
        try
        {
            return await UnreadAsync(cancellation);
        }
        catch (UnavailableException)
        {
            return "";
        }
    }

    private async Task<string> UnreadAsync(CancellationToken cancellation)
    {
        var text = new StringBuilder();
        foreach (var e in await history.ReadAsync(job.Job, _read + 1, cancellation))
        {
            _job = _job.After(e);
            if (++_read <= seen.Id) continue;
            text.Append(CultureInfo.InvariantCulture, $"id: {_read}\nevent: {JobEventBody.NameOf(e)}\n");
            text.Append("data: ").Append(JsonSerializer.Serialize(JobEventBody.From(job.Job, e, _job), _json)).Append("\n\n");
        }

        return text.ToString();
    }

    /// <summary>Nothing unless there is something to tell that was not told before. Never falls.</summary>
    private string Progress(JobSnapshot now)
    {
        var next = (Math.Max(now.Progress, _told.Progress), now.Message);
        if (next == _told || now.Status is not (JobStatus.Pending or JobStatus.Running) || !_job.IsBuilding) return "";
        _told = next;
        return $"event: progress\ndata: {JsonSerializer.Serialize(new JobProgressBody(job.Job.Value, now.Status, _told.Progress, _told.Message), _json)}\n\n";
    }

    private async Task WriteAsync(HttpContext context, string text, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(PatienceWithClient, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            await context.Response.WriteAsync(text, either.Token);
            await context.Response.Body.FlushAsync(either.Token);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            context.Abort();
            throw;
        }
    }
}

/// <summary>The last event that a client has, and the field that it says so in.</summary>
internal readonly record struct LastSeen(long Id, string Field);
